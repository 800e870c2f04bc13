package constrain

import "fmt"

// Parts of the formats of dates and times, RFC 3339, section 5.6.
const (
	leapDay = `(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29`
	date    = `(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|` + leapDay + `)`
	offset  = `(?:[Zz]|[+\-](?:[01][0-9]|2[0-3]):[0-5][0-9])`
	// The second 60 is where leap seconds are: before midnight in UTC.
	clock = `(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?` + offset + `|23:59:60(?:\.[0-9]+)?(?:[Zz]|[+\-]00:00))`
)

// Parts of the formats of hosts and addresses.
const (
	octet = `(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	ipv4  = octet + `(?:\.` + octet + `){3}`
	h16   = `[0-9A-Fa-f]{1,4}`
	last  = `(?:` + h16 + `:` + h16 + `|` + ipv4 + `)`
	alnum = `[0-9A-Za-z]`
	atext = "[0-9A-Za-z!#$%&'*+/=?^_`{|}~\\-]"
)

// local is the part of an address before @, at most 64 characters: an atom, or
// atoms with dots between them of at most 63, or a quoted string.
const local = `(?:` + atext + `{1,64}|` + atext + `(?:\.?` + atext + `){0,31}|"[ !#-\[\]-~]{0,62}")`

// email returns the addresses of at most 254 characters: see local and hostname.
func email() string {
	return local + `@(?:` + hostname(2, 63) + `|` + hostname(8, 22) + `|\[` + ipv4 + `\]|\[IPv6:(?:` + ipv6 + `)\])`
}

// hostname returns the names of at most n labels of at most size characters. A
// label with -- in its third and fourth place is Punycode, which is left out.
func hostname(n, size int) string {
	label := func(max int) string {
		inner := `[0-9A-Za-z\-]`
		return fmt.Sprintf(`%[1]s(?:%[1]s|%[2]s%[1]s|%[2]s(?:%[1]s-|-%[1]s|%[1]s%[1]s)(?:%[2]s{0,%[3]d}%[1]s)?|%[2]s(?:-%[1]s|%[1]s%[1]s))?`, alnum, inner, max-5)
	}
	return fmt.Sprintf(`%[1]s(?:\.%[1]s){0,%[2]d}`, label(size), n-1)
}

// ipv6 is IPv6address of RFC 3986, section 3.2.2.
const ipv6 = `(?:` + h16 + `:){6}` + last +
	`|::(?:` + h16 + `:){5}` + last +
	`|(?:` + h16 + `)?::(?:` + h16 + `:){4}` + last +
	`|(?:(?:` + h16 + `:){0,1}` + h16 + `)?::(?:` + h16 + `:){3}` + last +
	`|(?:(?:` + h16 + `:){0,2}` + h16 + `)?::(?:` + h16 + `:){2}` + last +
	`|(?:(?:` + h16 + `:){0,3}` + h16 + `)?::` + h16 + `:` + last +
	`|(?:(?:` + h16 + `:){0,4}` + h16 + `)?::` + last +
	`|(?:(?:` + h16 + `:){0,5}` + h16 + `)?::` + h16 +
	`|(?:(?:` + h16 + `:){0,6}` + h16 + `)?::`

// Parts of URIs, RFC 3986, appendix A. A host in brackets is an IPv6 address.
const (
	pchar     = `(?:[0-9A-Za-z._~!$&'()*+,;=:@\-]|%[0-9A-Fa-f]{2})`
	regName   = `(?:[0-9A-Za-z._~!$&'()*+,;=\-]|%[0-9A-Fa-f]{2})*`
	authority = `(?:(?:[0-9A-Za-z._~!$&'()*+,;=:\-]|%[0-9A-Fa-f]{2})*@)?(?:` + regName + `|\[(?:` + ipv6 + `)\])(?::[0-9]*)?`
	tail      = `(?:\?(?:` + pchar + `|[/?])*)?(?:#(?:` + pchar + `|[/?])*)?`
	absolute  = `/(?:` + pchar + `+(?:/` + pchar + `*)*)?`
	scheme    = `[A-Za-z][0-9A-Za-z+.\-]*`
	uri       = scheme + `:(?://` + authority + `(?:/` + pchar + `*)*|` + absolute + `|` + pchar + `+(?:/` + pchar + `*)*|)` + tail
	relative  = `(?://` + authority + `(?:/` + pchar + `*)*|` + absolute + `|(?:[0-9A-Za-z._~!$&'()*+,;=@\-]|%[0-9A-Fa-f]{2})+(?:/` + pchar + `*)*|)` + tail
)

// formats are the patterns of the formats that are supported.
var formats = map[string]string{
	"date":          date,
	"time":          clock,
	"date-time":     date + `[Tt]` + clock,
	"duration":      `P(?:[0-9]+W|(?:` + days + `)(?:T(?:` + hours + `))?|T(?:` + hours + `))`,
	"email":         email(),
	"hostname":      hostname(3, 63) + `|` + hostname(8, 30), // at most 253 characters
	"ipv4":          ipv4,
	"ipv6":          ipv6,
	"uuid":          `[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`,
	"uri":           uri,
	"uri-reference": uri + `|` + relative,
	"json-pointer":  `(?:/(?:[^~/]|~[01])*)*`,
}

// Parts of durations, RFC 3339, appendix A.
const (
	days  = `[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D`
	hours = `[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S`
)
