package constrain

// trie is a trie of the bytes of tokens. Nodes are in preorder.
type trie struct {
	ids   []int32 // sorted by their bytes
	nodes []trieNode
}

type trieNode struct {
	below       int32 // nodes below
	first, last int32 // the tokens ids[first:last] end here
	depth       int32 // of its byte in a token
	b           byte
}

// newTrie returns the trie of some tokens, sorted by their bytes, none empty.
func newTrie(tokens [][]byte, ids []int32) trie {
	t := trie{ids: ids}
	t.grow(tokens, 0, len(ids), 0)
	return t
}

// grow appends the nodes of ids[first:last], which share depth bytes.
func (t *trie) grow(tokens [][]byte, first, last, depth int) {
	for first < last && len(tokens[t.ids[first]]) == depth {
		first++
	}
	for first < last {
		b := tokens[t.ids[first]][depth]
		end := first
		for end < last && tokens[t.ids[end]][depth] == b {
			end++
		}
		n := len(t.nodes)
		t.nodes = append(t.nodes, trieNode{b: b, depth: int32(depth), first: int32(first), last: int32(first)})
		for i := first; i < end && len(tokens[t.ids[i]]) == depth+1; i++ {
			t.nodes[n].last++
		}
		t.grow(tokens, first, end, depth+1)
		t.nodes[n].below = int32(len(t.nodes) - n - 1)
		first = end
	}
}
