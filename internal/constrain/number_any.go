package constrain

// States of the automaton of all JSON numbers.
const (
	numberStart uint8 = iota
	numberMinus
	numberZero
	numberWhole
	numberPoint
	numberFraction
	numberE
	numberSign
	numberExponent
	numberExponent2
	numberExponent3
)

// nextNumber returns the state of a number after b.
func nextNumber(state uint8, b byte) (uint8, bool) {
	digit := '0' <= b && b <= '9'
	e := b|0x20 == 'e'
	switch state {
	case numberStart, numberMinus:
		switch {
		case b == '-' && state == numberStart:
			return numberMinus, true
		case b == '0':
			return numberZero, true
		}
		return numberWhole, digit
	case numberZero, numberWhole:
		switch {
		case b == '.':
			return numberPoint, true
		case e:
			return numberE, true
		}
		return numberWhole, digit && state == numberWhole
	case numberPoint, numberFraction:
		if e {
			return numberE, state == numberFraction
		}
		return numberFraction, digit
	case numberE:
		if b == '+' || b == '-' {
			return numberSign, true
		}
		return numberExponent, digit
	case numberSign:
		return numberExponent, digit
	case numberExponent, numberExponent2:
		return state + 1, digit
	}
	return state, false
}

// numberLeft is 1 in the states of numbers that want another digit.
var numberLeft = [...]int64{numberStart: 1, numberMinus: 1, numberPoint: 1, numberE: 1, numberSign: 1, numberExponent3: 0}
