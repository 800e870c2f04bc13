package checkpoint

// hfPhi3 has fused projections, longrope and a part of each head that does not
// rotate: Phi3Config.
func hfPhi3() hfFamily {
	return hfFamily{
		class: "Phi3ForCausalLM",
		defaults: Config{
			Layers: 32, Hidden: 3072, Intermediate: 8192, Heads: 32, Vocab: 32064, Context: 4096, NormEps: 1e-5,
			BOS: 1, EOS: []int{32000},
		},
		honours: []string{"sliding_window", "partial_rotary_factor"},
		read: func(f *fields, c *Config) {
			window := f.nullable("sliding_window", 0)
			f.hfWindows(c, window, func(int) bool { return window != 0 })
			f.phi3Rope(c)
		},
	}
}

// phi3Rope: the original context stands outside of the rope parameters, and is
// 4096 if it does not; "su" and "yarn" are older names of longrope.
func (f *fields) phi3Rope(c *Config) {
	c.Rope = Rope{Type: "default", Theta: f.float("rope_theta", 10000)}
	partial := f.float("partial_rotary_factor", 1)
	if key, object := f.ropeObject(); object != nil {
		sub := mapFields(key+".", object)
		sub.knownRope(object)
		partial = sub.float("partial_rotary_factor", partial)
		inner := sub.get
		sub.get = func(key string) (any, bool) {
			v, ok := inner(key)
			if (key == "rope_type" || key == "type") && v == "yarn" {
				v = "longrope"
			}
			return v, ok
		}
		sub.ropeParameters(c, &c.Rope, f.int("original_max_position_embeddings", 4096))
		if f.err == nil {
			f.err = sub.err
		}
	}
	if partial != 1 {
		c.RotaryDim = int(float64(c.HeadDim) * partial)
	}
	if !(partial > 0 && partial <= 1) || c.RotaryDim < 2 && partial != 1 {
		f.fail("partial_rotary_factor", "is %v, which leaves nothing of %d elements to rotate", partial, c.HeadDim)
	}
}
