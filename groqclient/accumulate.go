package groqclient

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// An Accumulator puts the chunks of a stream together. The zero value is
// ready; [ChatStream] has one of its own.
type Accumulator struct {
	head    ChatResponse // everything but the choices
	choices map[int]*choiceParts
	usage   *Usage
	groqID  string
	seed    Opt[int64]
	debug   *Debug
	xExtra  Extra // of x_groq
	discard bool  // keep no text
	timings Timings
}

// choiceParts is one choice while it grows.
type choiceParts struct {
	role, finish  string
	content       textParts
	reasoning     textParts
	calls         map[int]*callParts
	function      *callParts
	executedTools map[int]ExecutedTool
	annotations   []Annotation
	logprobs      []TokenLogprob
}

// textParts is a text that was perhaps never begun.
type textParts struct {
	seen bool
	strings.Builder
}

type callParts struct {
	id, kind, name string
	arguments      strings.Builder
}

// Timings are the times of a stream as the caller saw them.
type Timings struct {
	Start      time.Time
	FirstToken time.Duration // from Start to the first text, reasoning or tool call; 0 if none came
	Total      time.Duration // from Start to the latest chunk
}

// TokensPerSecond is the rate by the caller's clock: completion tokens over
// the time from the first token to the end; 0 if that is not known.
func (t Timings) TokensPerSecond(u *Usage) float64 {
	span := (t.Total - t.FirstToken).Seconds()
	if u == nil || t.FirstToken == 0 || span <= 0 {
		return 0
	}
	return float64(u.CompletionTokens) / span
}

// Start sets the time from which Timings count; without it, the first chunk
// does.
func (a *Accumulator) Start() { a.timings.Start = time.Now() }

// Timings returns the times so far.
func (a *Accumulator) Timings() Timings { return a.timings }

// Add takes the next chunk. Unknown fields of the chunk and of its x_groq are
// kept, the latest of each name; those of a delta are in the chunk only, since
// nothing says how they add up.
func (a *Accumulator) Add(c *ChatChunk) {
	a.clock(c)
	a.addHead(c)
	if c.XGroq != nil {
		a.addXGroq(c.XGroq)
	}
	if c.Usage != nil {
		a.usage = c.Usage
	}
	for i := range c.Choices {
		a.choice(c.Choices[i].Index).add(&c.Choices[i], a.discard)
	}
}

func (a *Accumulator) clock(c *ChatChunk) {
	if a.timings.Start.IsZero() {
		a.Start()
	}
	a.timings.Total = time.Since(a.timings.Start)
	if a.timings.FirstToken > 0 {
		return
	}
	for _, choice := range c.Choices {
		if !choice.Delta.empty() {
			a.timings.FirstToken = a.timings.Total
		}
	}
}

func (a *Accumulator) addHead(c *ChatChunk) {
	h := &a.head
	setIf(&h.ID, c.ID)
	setIf(&h.Created, c.Created)
	setIf(&h.Model, c.Model)
	setIf(&h.SystemFingerprint, c.SystemFingerprint)
	setIf(&h.ServiceTier, c.ServiceTier)
	h.Extra.add(c.Extra)
}

func (a *Accumulator) addXGroq(x *StreamXGroq) {
	setIf(&a.groqID, x.ID)
	if x.Usage != nil {
		a.usage = x.Usage
	}
	if x.UsageBreakdown != nil {
		a.head.UsageBreakdown = x.UsageBreakdown
	}
	if !x.Seed.IsZero() {
		a.seed = x.Seed
	}
	if x.Debug != nil {
		a.debug = x.Debug
	}
	a.xExtra.add(x.Extra)
}

// setIf keeps the latest value that is not the zero value.
func setIf[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}

func (a *Accumulator) choice(index int) *choiceParts {
	if a.choices == nil {
		a.choices = map[int]*choiceParts{}
	}
	return entry(a.choices, index)
}

// entry returns m[key], made if it is not there yet.
func entry[V any](m map[int]*V, key int) *V {
	if m[key] == nil {
		m[key] = new(V)
	}
	return m[key]
}

func (p *choiceParts) add(c *ChunkChoice, discard bool) {
	setIf(&p.role, c.Delta.Role)
	setIf(&p.finish, c.FinishReason)
	if discard {
		return
	}
	p.content.add(c.Delta.Content)
	p.reasoning.add(c.Delta.Reasoning)
	for _, t := range c.Delta.ToolCalls {
		if p.calls == nil {
			p.calls = map[int]*callParts{}
		}
		entry(p.calls, t.Index).add(t.ID, t.Type, t.Function)
	}
	if f := c.Delta.FunctionCall; f != nil {
		if p.function == nil {
			p.function = &callParts{}
		}
		p.function.add("", "", *f)
	}
	p.addExecuted(c.Delta.ExecutedTools)
	p.annotations = append(p.annotations, c.Delta.Annotations...)
	if c.Logprobs != nil {
		p.logprobs = append(p.logprobs, c.Logprobs.Content...)
	}
}

// addExecuted keeps the latest state of each executed tool: it may come first
// without its output, then with it.
func (p *choiceParts) addExecuted(tools []ExecutedTool) {
	for _, t := range tools {
		if p.executedTools == nil {
			p.executedTools = map[int]ExecutedTool{}
		}
		p.executedTools[t.Index] = t
	}
}

func (t *textParts) add(s Opt[string]) {
	if text, ok := s.Get(); ok {
		t.seen = true
		t.WriteString(text)
	}
}

func (t *textParts) opt() Opt[string] {
	if !t.seen {
		return Opt[string]{}
	}
	return Set(t.String())
}

func (p *callParts) add(id, kind string, f FunctionCall) {
	setIf(&p.id, id)
	setIf(&p.kind, kind)
	setIf(&p.name, f.Name)
	p.arguments.WriteString(f.Arguments)
}

func (p *callParts) function() FunctionCall {
	return FunctionCall{Name: p.name, Arguments: p.arguments.String()}
}

// complete reports whether every choice has said why it ended.
func (a *Accumulator) complete() bool {
	for _, c := range a.choices {
		if c.finish == "" {
			return false
		}
	}
	return len(a.choices) > 0
}

// Response is the completion as far as it has come, in the form of one that
// was not streamed.
func (a *Accumulator) Response() *ChatResponse {
	r := a.head
	r.Object = "chat.completion"
	r.Usage = a.usage
	r.Extra = maps.Clone(a.head.Extra)
	if a.groqID != "" || !a.seed.IsZero() || a.debug != nil || len(a.xExtra) > 0 {
		r.XGroq = &XGroq{ID: a.groqID, Seed: a.seed, Debug: a.debug, Extra: maps.Clone(a.xExtra)}
	}
	for _, index := range slices.Sorted(maps.Keys(a.choices)) {
		r.Choices = append(r.Choices, a.choices[index].choice(index))
	}
	return &r
}

func (p *choiceParts) choice(index int) Choice {
	m := ResponseMessage{
		Role:        p.role,
		Content:     p.content.opt(),
		Reasoning:   p.reasoning.opt(),
		Annotations: slices.Clone(p.annotations),
	}
	for _, i := range slices.Sorted(maps.Keys(p.calls)) {
		call := p.calls[i]
		m.ToolCalls = append(m.ToolCalls, ToolCall{ID: call.id, Type: call.kind, Function: call.function()})
	}
	if p.function != nil {
		f := p.function.function()
		m.FunctionCall = &f
	}
	for _, i := range slices.Sorted(maps.Keys(p.executedTools)) {
		m.ExecutedTools = append(m.ExecutedTools, p.executedTools[i])
	}
	c := Choice{Index: index, Message: m, FinishReason: p.finish}
	if p.logprobs != nil {
		c.Logprobs = &Logprobs{Content: slices.Clone(p.logprobs)}
	}
	return c
}
