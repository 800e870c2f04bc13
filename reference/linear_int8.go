package reference

import "encoding/binary"

// Eight bytes are those of eight lanes. Masked, they are two 32-bit fields
// that one multiplication multiplies both; the sum of a group fits them.
const (
	byteFields = 0x000000FF000000FF
	signBits   = 0x8080808080808080 // flipped, signed bytes are unsigned and 128 more
)

// dotBytes adds w[k]*x[k] for each lane, w read as unsigned, x with its bias.
func dotBytes(isum *[lanes]int32, q []byte, x []int8) {
	q = q[:len(x)*lanes]
	for l := 0; l < lanes; l += 8 {
		var s0, s1, s2, s3 uint64
		at := l
		for _, signed := range x {
			a := biased(signed)
			v := binary.LittleEndian.Uint64(q[at:at+8:at+8]) ^ signBits
			s0 += v & byteFields * a
			s1 += v >> 8 & byteFields * a
			s2 += v >> 16 & byteFields * a
			s3 += v >> 24 & byteFields * a
			at += lanes
		}
		addFields((*[8]int32)(isum[l:]), s0, s1, s2, s3)
	}
}

// sumBytes adds the bytes of each lane, read as unsigned, in 16-bit fields; a
// group of 128 fits them.
func sumBytes(sums *[lanes]int32, q []byte) {
	const fields = 0x00FF00FF00FF00FF
	for l := 0; l < lanes; l += 8 {
		var even, odd uint64
		for at := l; at+8 <= len(q); at += lanes {
			v := binary.LittleEndian.Uint64(q[at:]) ^ signBits
			even += v & fields
			odd += v >> 8 & fields
		}
		widen((*[8]int32)(sums[l:]), even, odd)
	}
}

// addFields adds the two 32-bit fields of each word: lanes i and i+4.
func addFields(sums *[8]int32, s0, s1, s2, s3 uint64) {
	sums[0] += int32(s0)
	sums[1] += int32(s1)
	sums[2] += int32(s2)
	sums[3] += int32(s3)
	sums[4] += int32(s0 >> 32)
	sums[5] += int32(s1 >> 32)
	sums[6] += int32(s2 >> 32)
	sums[7] += int32(s3 >> 32)
}
