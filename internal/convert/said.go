package convert

import (
	"fmt"
	"math"
	"reflect"

	"github.com/lpuctl/lpuctl/internal/checkpoint"
)

// requireSaid fails unless a reader of what is going to be written sees the
// configuration c: read is what it sees, and what "a GGUF file" or "a folder".
func requireSaid(c, read *checkpoint.Config, what string) error {
	want, got := plain(*c), plain(*read)
	if name, w, g := difference("", reflect.ValueOf(want), reflect.ValueOf(got)); name != "" {
		return fmt.Errorf("this %s cannot be converted: %s cannot say its %s, which is %s, and would be read as %s", c.Architecture, what, name, w, g)
	}
	return nil
}

// plain is a configuration without what the tokenizer says and without
// differences that make none.
func plain(c checkpoint.Config) checkpoint.Config {
	c.Architecture, c.DType, c.BOS, c.EOS = "", "", 0, nil
	c.RotaryDim = c.Rotated()
	if c.ScoreScale == 0 {
		c.ScoreScale = 1 / math.Sqrt(float64(c.HeadDim))
	}
	for _, v := range []*float64{&c.NormEps, &c.ScoreScale, &c.AttentionSoftcap, &c.LogitSoftcap} {
		*v = float64(float32(*v)) // which engines have
	}
	dense := false
	for i := range c.Experts.Dense {
		dense = dense || !c.Experts.In(i)
	}
	if !dense {
		c.Experts.Dense = nil
	}
	return c
}

// difference returns the first field in which two values of a type differ, and
// what it is in each.
func difference(path string, a, b reflect.Value) (name, inA, inB string) {
	if a.Kind() != reflect.Struct {
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			return path, brief(a), brief(b)
		}
		return "", "", ""
	}
	for i := range a.NumField() {
		field := a.Type().Field(i).Name
		if path != "" {
			field = path + "." + field
		}
		if name, inA, inB = difference(field, a.Field(i), b.Field(i)); name != "" {
			break
		}
	}
	return name, inA, inB
}

// brief prints a field for an error.
func brief(v reflect.Value) string {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	s := fmt.Sprintf("%+v", v.Interface())
	if len(s) > 80 {
		s = s[:77] + "..."
	}
	return s
}
