package tokenizer

import (
	"hash/maphash"
	"math"
	"math/bits"
)

// merge says what a pair of tokens becomes. Pairs of a lower rank come first.
type merge struct{ rank, id int32 }

// noMerge is the rank of a pair that does not merge.
const noMerge = math.MaxInt32

// mergeTable maps pairs of tokens to merges: a hash table with open addressing,
// which is faster than a map. Its seed keeps a file from choosing collisions.
type mergeTable struct {
	slots []mergeSlot
	shift int
	seed  uint64
}

type mergeSlot struct {
	pair  uint64
	merge merge
}

// noPair marks a free slot; ids are not negative.
const noPair = math.MaxUint64

func newMergeTable(n int) mergeTable {
	size := bits.Len(uint(max(n, 8)) * 3 / 2)
	t := mergeTable{slots: make([]mergeSlot, 1<<size), shift: 64 - size, seed: maphash.String(maphash.MakeSeed(), "")}
	for i := range t.slots {
		t.slots[i].pair = noPair
	}
	return t
}

func pairOf(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) }

// slot returns the place of a pair, or the free one where it belongs.
func (t *mergeTable) slot(pair uint64) int {
	h := (pair ^ t.seed) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	at := int(h >> t.shift)
	for t.slots[at].pair != pair && t.slots[at].pair != noPair {
		at = (at + 1) & (len(t.slots) - 1)
	}
	return at
}

func (t *mergeTable) set(pair uint64, m merge) {
	t.slots[t.slot(pair)] = mergeSlot{pair, m}
}

// get returns the merge of two tokens; its rank is noMerge if there is none.
func (t *mergeTable) get(left, right int32) merge {
	pair := pairOf(left, right)
	if s := &t.slots[t.slot(pair)]; s.pair == pair {
		return s.merge
	}
	return merge{rank: noMerge}
}

// shortWord is the largest number of symbols that are merged by looking at all
// pairs again and again.
const shortWord = 48

// mergeShort merges e.units in quadratic time, the fastest way for most words.
func (e *encoder) mergeShort() {
	e.next = e.next[:0]
	for i := 1; i < len(e.units); i++ {
		e.next = append(e.next, e.m.merges.get(e.units[i-1].id, e.units[i].id))
	}
	for {
		best, at := int32(noMerge), 0
		for i := range e.next {
			if e.next[i].rank < best {
				best, at = e.next[i].rank, i
			}
		}
		if best == noMerge {
			return
		}
		e.join(at)
	}
}

// join merges units at and at+1.
func (e *encoder) join(at int) {
	u := e.units
	u[at].id, u[at].end = e.next[at].id, u[at+1].end
	e.units = append(u[:at+1], u[at+2:]...)
	e.next = append(e.next[:at], e.next[at+1:]...)
	if at > 0 {
		e.next[at-1] = e.m.merges.get(e.units[at-1].id, e.units[at].id)
	}
	if at < len(e.next) {
		e.next[at] = e.m.merges.get(e.units[at].id, e.units[at+1].id)
	}
}

// node is a unit in a doubly linked list, with the index end on both sides. Its
// id is None once it is merged into its left neighbour.
type node struct {
	unit
	prev, next int32
}

// candidate is a merge to be done: the node left and its right neighbour, while
// together they still reach to end.
type candidate struct {
	merge
	left, end int32
}

// before orders merges: the lowest rank, then the leftmost.
func (c candidate) before(d candidate) bool {
	if c.rank != d.rank {
		return c.rank < d.rank
	}
	return c.left < d.left
}

// mergeLong merges e.units in O(n log n).
func (e *encoder) mergeLong() {
	e.link()
	for i := range e.nodes {
		e.propose(int32(i))
	}
	for len(e.queue) > 0 {
		c := e.queue.pop()
		left := &e.nodes[c.left]
		if left.id == None || left.next == end || e.nodes[left.next].end != c.end {
			continue
		}
		e.joinNodes(left, c.id)
		e.propose(left.prev)
		e.propose(c.left)
	}
	e.units = e.units[:0]
	for i := range e.nodes {
		if e.nodes[i].id != None {
			e.units = append(e.units, e.nodes[i].unit)
		}
	}
}

func (e *encoder) link() {
	e.nodes, e.queue = e.nodes[:0], e.queue[:0]
	for i, u := range e.units {
		e.nodes = append(e.nodes, node{u, int32(i) - 1, int32(i) + 1})
	}
	e.nodes[len(e.nodes)-1].next = end
}

// joinNodes merges a node and the next one into token id.
func (e *encoder) joinNodes(left *node, id int32) {
	right := &e.nodes[left.next]
	at := right.prev
	left.id, left.end, left.next = id, right.end, right.next
	right.id = None
	if left.next != end {
		e.nodes[left.next].prev = at
	}
}

// propose puts a node and its right neighbour on the queue if they merge.
func (e *encoder) propose(left int32) {
	if left == end || e.nodes[left].next == end {
		return
	}
	a, b := e.nodes[left], e.nodes[e.nodes[left].next]
	if m := e.m.merges.get(a.id, b.id); m.rank != noMerge {
		e.queue.push(candidate{m, left, b.end})
	}
}
