package constrain

import ("testing";"fmt")

func TestQuick(t *testing.T) {
	for _, c := range []struct{schema string; docs, bad []string}{
		{`{}`, []string{`1`,`-0.5e3`,`"a\u00e9\ud83d\ude00é"`,`[1,2,{"a":[]}]`,` { "a" : 1 , "b" : [ ] } `,`true`,`[]`,`{}`,"\"\U0001F600\""}, []string{`01`,`"\ud83d"`,`[1,]`,`{"a"}`,``,`nul`,"\"\n\"",`{,}`,`"\udc00"`}},
		{`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string","maxLength":3}},"required":["a"],"additionalProperties":false}`, []string{`{"a":1}`,`{"b":"xyz","a":1.0}`,`{"\u0061":-12}`}, []string{`{}`,`{"b":"xyzw","a":1}`,`{"a":1,"a":2}`,`{"a":1.5}`,`{"a":1,"c":2}`}},
		{`{"type":"integer","minimum":5,"maximum":120,"multipleOf":7}`, []string{`7`,`14`,`119`,`70.0`}, []string{`0`,`5`,`126`,`7.1`,`-7`}},
		{`{"type":"number","exclusiveMinimum":0.1,"maximum":0.35}`, []string{`0.2`,`0.11`,`0.100001`,`0.35`,`0.350`}, []string{`0.1`,`0.351`,`1`,`-0.2`,`0.36`}},
		{`{"$ref":"#/$defs/t","$defs":{"t":{"type":"object","properties":{"l":{"$ref":"#/$defs/t"},"v":{"type":"number"}},"required":["v"],"additionalProperties":false}}}`, []string{`{"v":1}`,`{"l":{"v":2},"v":1}`}, []string{`{"l":{}}`}},
		{`{"type":"string","pattern":"^a+b$","maxLength":4}`, []string{`"ab"`,`"aaab"`,`"\u0061b"`}, []string{`"aaaab"`,`"b"`}},
		{`{"type":"string","format":"date"}`, []string{`"2024-02-29"`}, []string{`"2023-02-29"`}},
		{`{"enum":[1,"a",null,{"x":[1,2]}]}`, []string{`1`,`1.0`,`"a"`,`null`,`{ "x": [1, 2.0]}`}, []string{`2`,`true`,`{"x":[1]}`}},
		{`{"oneOf":[{"type":"string"},{"type":"number"}]}`, []string{`1`,`"a"`}, []string{`null`}},
	} {
		g, err := Compile([]byte(c.schema))
		if err != nil { t.Error(c.schema, err); continue }
		fmt.Println(g.Shortest(), len(g.nodes))
		for _, d := range c.docs { if !g.Match([]byte(d)) { t.Error("refused", c.schema, d) } }
		for _, d := range c.bad { if g.Match([]byte(d)) { t.Error("accepted", c.schema, d) } }
	}
}
