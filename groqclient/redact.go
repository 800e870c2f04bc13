package groqclient

import (
	"errors"
	"net/http"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// A redactor takes the API key and other secrets out of what others wrote: a
// server or a proxy may echo a request in its error. The secrets are behind a
// function so that no fmt verb can print them.
type redactor struct {
	secrets func() []string
}

// newRedactor knows the key, the headers that look like credentials, and the
// password of the proxy.
func newRedactor(key string, o options) redactor {
	var secrets []string
	add := func(s string) {
		if len(s) >= 4 {
			secrets = append(secrets, s)
		}
	}
	add(key)
	for name, values := range o.headers {
		for _, v := range values {
			if secretHeader(name) {
				add(v)
				add(strings.TrimPrefix(v, "Bearer "))
			}
		}
	}
	if o.proxy != nil {
		password, _ := o.proxy.User.Password()
		add(password)
	}
	return redactor{func() []string { return secrets }}
}

func secretHeader(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"auth", "key", "token", "secret", "cookie", "password"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

func (r redactor) string(s string) string {
	for _, secret := range r.secrets() {
		s = strings.ReplaceAll(s, secret, redacted)
	}
	return s
}

// header returns a copy without secrets.
func (r redactor) header(h http.Header) http.Header {
	out := h.Clone()
	for _, values := range out {
		for i, v := range values {
			values[i] = r.string(v)
		}
	}
	return out
}

// apiError takes the secrets out of e and returns it.
func (r redactor) apiError(e *APIError) *APIError {
	for _, s := range []*string{
		&e.URL, &e.Message, &e.Type, &e.Code, &e.Param, &e.FailedGeneration,
		&e.SchemaPath, &e.SchemaKind, &e.SchemaCode,
	} {
		*s = r.string(*s)
	}
	for i, s := range e.SchemaSegments {
		e.SchemaSegments[i] = r.string(s)
	}
	e.Body = []byte(r.string(string(e.Body)))
	return e
}

// error returns err itself unless its text holds a secret; then an error with
// the clean text that still matches what err matches.
func (r redactor) error(err error) error {
	if err == nil || r.string(err.Error()) == err.Error() {
		return err
	}
	return &cleanError{
		text: r.string(err.Error()),
		is:   func(target error) bool { return errors.Is(err, target) },
	}
}

// cleanError hides the error it stands for behind a function, like the
// secrets themselves.
type cleanError struct {
	text string
	is   func(error) bool
}

func (e *cleanError) Error() string { return e.text }

func (e *cleanError) Is(target error) bool { return e.is(target) }
