package constrain

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

// Addresses of e-mail, RFC 5321, section 4.1.2, without comments. The part before
// @ has at most 64 characters: quoted ones are counted here, others in shortLocal.
const (
	local      = `(?:` + atext + `+(?:\.` + atext + `+)*|"[ !#-\[\]-~]{0,62}")`
	email      = local + `@(?:` + hostname + `|\[` + ipv4 + `\]|\[IPv6:(?:` + ipv6 + `)\])`
	shortLocal = `(?:".*|[^"@]{1,64}@.*)`
)

// hostname is a name of labels of at most 63 characters. A label with -- in its
// third and fourth place is Punycode, which is left out.
const (
	inner    = `[0-9A-Za-z\-]`
	label    = alnum + `(?:` + alnum + `|` + inner + alnum + `|` + inner + `(?:` + alnum + `-|-` + alnum + `|` + alnum + alnum + `)(?:` + inner + `{0,58}` + alnum + `)?|` + inner + `(?:-` + alnum + `|` + alnum + alnum + `))?`
	hostname = label + `(?:\.` + label + `)*`
)

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

// format is the strings that all sources match as a whole, of at most most
// characters.
type format struct {
	sources []string
	most    int64 // < 0 is unbounded
}

func unbounded(source string) format { return format{[]string{source}, -1} }

// formats are those that are supported.
var formats = map[string]format{
	"date":          unbounded(date),
	"time":          unbounded(clock),
	"date-time":     unbounded(date + `[Tt]` + clock),
	"duration":      unbounded(`P(?:[0-9]+W|(?:` + days + `)(?:T(?:` + hours + `))?|T(?:` + hours + `))`),
	"email":         {[]string{email, shortLocal}, 254},
	"hostname":      {[]string{hostname}, 253},
	"ipv4":          unbounded(ipv4),
	"ipv6":          unbounded(ipv6),
	"uuid":          unbounded(`[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`),
	"uri":           unbounded(uri),
	"uri-reference": unbounded(uri + `|` + relative),
	"json-pointer":  unbounded(`(?:/(?:[^~/]|~[01])*)*`),
}

// Parts of durations, RFC 3339, appendix A.
const (
	days  = `[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D`
	hours = `[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S`
)
