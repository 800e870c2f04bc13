package checkpoint

import "slices"

// hfRope reads rope_parameters (transformers 5), or rope_theta and rope_scaling
// (transformers 4, where the kind is under rope_type or, older, type). theta is
// the base if no key says it.
func (f *fields) hfRope(c *Config, theta float64) {
	c.Rope = Rope{Type: "default", Theta: f.float("rope_theta", theta)}
	if key, sub := f.ropeObject(); sub != nil {
		f.scaling(sub, key, c, &c.Rope)
	}
}

// ropeObject returns the object that scales the frequencies and its key, nil if
// there is none.
func (f *fields) ropeObject() (key string, object map[string]any) {
	for _, key := range []string{"rope_parameters", "rope_scaling"} {
		v := f.value(key)
		if v == nil {
			continue
		}
		object, ok := v.(map[string]any)
		if !ok {
			f.fail(key, "is %s, not an object", show(v))
			return "", nil
		}
		return key, object
	}
	return "", nil
}

// scaling reads an object of that key to r, which has the base that counts if
// the object has none.
func (f *fields) scaling(object map[string]any, key string, c *Config, r *Rope) {
	sub := mapFields(key+".", object)
	sub.knownRope(object)
	if sub.refuse([]neutral{{"partial_rotary_factor", 1}}); key == "rope_scaling" && sub.value("type") == nil {
		sub.need("rope_type")
	}
	sub.ropeParameters(c, r, f.int("original_max_position_embeddings", 0))
	if f.err == nil {
		f.err = sub.err
	}
}

// ropeKeys are the keys of rope parameters that some type has.
var ropeKeys = []string{
	"rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "original_max_position_embeddings", "low_freq_factor",
	"high_freq_factor", "beta_fast", "beta_slow", "truncate", "mscale", "mscale_all_dim", "attention_factor", "short_factor", "long_factor",
}

// knownRope fails on any other key of an object of rope parameters.
func (f *fields) knownRope(object map[string]any) {
	for _, key := range sortedKeys(object) {
		if object[key] != nil && !slices.Contains(ropeKeys, key) {
			f.fail(key, "is not known to lpuctl, and may change the arithmetic")
		}
	}
}

// ropeParameters reads one object of rope parameters. original, if not 0, is
// the original context that stands outside of the object, and counts.
func (f *fields) ropeParameters(c *Config, r *Rope, original int) {
	r.Theta = f.float("rope_theta", r.Theta)
	r.Type = f.string("rope_type", f.string("type", "default"))
	if r.Type == "su" { // the first name
		r.Type = "longrope"
	}
	if original == 0 {
		original = f.int("original_max_position_embeddings", c.Context)
	}
	switch r.Type {
	case "default":
	case "linear":
		f.need("factor")
		r.Factor = f.float("factor", 0)
	case "llama3":
		f.need("factor", "low_freq_factor", "high_freq_factor")
		r.Factor = f.float("factor", 0)
		r.LowFreq = f.float("low_freq_factor", 0)
		r.HighFreq = f.float("high_freq_factor", 0)
		r.OriginalContext = original
	case "yarn":
		r.OriginalContext = original
		f.yarn(c, r)
	case "longrope":
		r.OriginalContext = original
		f.longRope(c, r)
	case "dynamic":
		f.fail("rope_type", "is \"dynamic\": its frequencies depend on the length of the sequence, and a graph has one table")
	default:
		f.fail("rope_type", "is %s; lpuctl supports default, linear, llama3, yarn and longrope", show(r.Type))
	}
}

// ratio is the factor, or if it is absent the context over the original one.
func (f *fields) ratio(c *Config, r *Rope) float64 {
	return f.float("factor", float64(c.Context)/float64(max(r.OriginalContext, 1)))
}

func (f *fields) yarn(c *Config, r *Rope) {
	r.Factor = f.ratio(c, r)
	r.BetaFast, r.BetaSlow = orDefault(f.float("beta_fast", 0), 32), orDefault(f.float("beta_slow", 0), 1)
	r.Untruncated = !f.bool("truncate", true)
	all, some := f.float("mscale_all_dim", 0), f.float("mscale", 0)
	attention := yarnAttention(r.Factor, 1)
	if all != 0 && some != 0 {
		attention = yarnAttention(r.Factor, some) / yarnAttention(r.Factor, all)
	}
	r.AttentionFactor = f.float("attention_factor", attention)
}

func orDefault(v, def float64) float64 {
	if v == 0 {
		return def
	}
	return v
}

func (f *fields) longRope(c *Config, r *Rope) {
	f.need("short_factor", "long_factor")
	r.ShortFactors, r.LongFactors = f.floats("short_factor"), f.floats("long_factor")
	r.AttentionFactor = f.float("attention_factor", longAttention(f.ratio(c, r), r.OriginalContext))
}

// floats returns a list of numbers, rounded to float32 as transformers has them.
func (f *fields) floats(key string) []float64 {
	var list []float64
	for _, v := range f.list(key) {
		n, ok := number(v)
		if !ok {
			f.fail(key, "has %s, not a number", show(v))
			break
		}
		list = append(list, float64(float32(n)))
	}
	return list
}

// layerRope reads the rope parameters of one layer type of a nested
// rope_parameters object (Gemma 3).
func (f *fields) layerRope(c *Config, object map[string]any, kind string, r *Rope) {
	v := object[kind]
	if v == nil {
		return
	}
	nested, ok := v.(map[string]any)
	if !ok {
		f.fail("rope_parameters."+kind, "is %s, not an object", show(v))
		return
	}
	f.scaling(nested, "rope_parameters."+kind, c, r)
}

// nestedRope says whether an object of rope parameters has one for each layer
// type.
func nestedRope(object map[string]any) bool {
	_, full := object["full_attention"]
	_, local := object["sliding_attention"]
	return full || local
}
