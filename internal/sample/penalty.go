package sample

// penalize lowers the scores of tokens that occurred: first the repetition
// penalty, then frequency and presence, as llama.cpp's penalties have it.
// (transformers has the first one only.)
func (s *Sampler) penalize() {
	p := &s.params
	if p.repeats() {
		s.forEach(s.history, func(id, _ int) {
			if s.scores[id] > 0 {
				s.scores[id] /= p.RepetitionPenalty
			} else {
				s.scores[id] *= p.RepetitionPenalty
			}
		})
	}
	text := s.history
	if p.Order == HF {
		text = text[s.prompt:]
	}
	s.forEach(text, func(id, count int) {
		s.scores[id] -= float64(float64(count)*p.FrequencyPenalty) + p.PresencePenalty
	})
}

// forEach calls f once for each token of the last ones of ids, in order of first
// occurrence, with the number of times that it occurs there. Tokens without a
// logit do not count.
func (s *Sampler) forEach(ids []int, f func(id, count int)) {
	if w := s.params.PenaltyWindow; w > 0 {
		ids = ids[max(0, len(ids)-w):]
	}
	if len(s.counts) < len(s.scores) {
		s.counts = make([]int, len(s.scores))
	}
	for _, id := range ids {
		if id < len(s.scores) {
			s.counts[id]++
		}
	}
	for _, id := range ids {
		if id < len(s.scores) && s.counts[id] > 0 {
			f(id, s.counts[id])
			s.counts[id] = 0
		}
	}
}
