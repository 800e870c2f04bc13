package constrain

import "slices"

// settle computes the cost of every node: the least solution of the equations
// between them. A node is looked at again when one that it uses became cheaper.
func (g *Grammar) settle() {
	users := g.users()
	var queue []int
	waits := make([]bool, len(g.nodes))
	push := func(n int) {
		if !waits[n] {
			waits[n] = true
			queue = append(queue, n)
		}
	}
	for n := range slices.Backward(g.nodes) { // most use those that come later
		push(n)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		waits[n] = false
		if cost := g.costOf(g.nodes[n]); cost < g.nodes[n].cost {
			g.nodes[n].cost = cost
			for _, user := range users[n] {
				push(user)
			}
		}
	}
}

// users returns for each node the nodes whose cost depends on it.
func (g *Grammar) users() [][]int {
	users := make([][]int, len(g.nodes))
	for n, node := range g.nodes {
		for _, a := range node.alternatives {
			for _, used := range a.uses() {
				users[used] = append(users[used], n)
			}
		}
	}
	return users
}

// uses returns the nodes of items and members.
func (a *alternative) uses() []int {
	var out []int
	if a.array != nil {
		out = append(append(out, a.array.prefix...), a.array.rest)
	}
	if a.object != nil {
		for _, c := range a.object.classes {
			if c.node >= 0 {
				out = append(out, c.node)
			}
		}
	}
	return out
}

func (g *Grammar) costOf(n *node) int64 {
	least := infinite
	for _, a := range n.alternatives {
		least = min(least, g.cheapest(a))
	}
	return least
}

func (g *Grammar) cheapest(a *alternative) int64 {
	least := infinite
	if a.kinds&(kindNull|kindTrue) != 0 {
		least = 4
	}
	if a.kinds&kindFalse != 0 {
		least = min(least, 5)
	}
	if a.kinds&kindNumber != 0 {
		least = min(least, leastNumber(a.number))
	}
	if a.kinds&kindString != 0 {
		least = min(least, add(2, a.text.cost(0, 0)))
	}
	if a.kinds&kindArray != 0 && least > 2 {
		least = min(least, add(1, a.array.cost(g, beforeFirst, 0)))
	}
	if a.kinds&kindObject != 0 && least > 2 {
		least = min(least, add(1, a.object.cost(g, beforeFirst, a.object.none, 0)))
	}
	return least
}
