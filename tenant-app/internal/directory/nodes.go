package directory

import (
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// node is an open department as the rules about the tree see it.
type node struct {
	ID     kernel.ID `bun:"id"`
	Parent kernel.ID `bun:"parent_id"` // kernel.NoID at the top
	Name   string    `bun:"name"`
}

// nodes are all open departments.
type nodes struct {
	byID     map[kernel.ID]node
	children map[kernel.ID][]kernel.ID // siblings in their order
}

func (s *Service) nodes(ctx context.Context) (nodes, error) {
	var all []node
	err := s.db.Q(ctx).NewRaw(`SELECT id, coalesce(parent_id, ?) AS parent_id, name FROM department WHERE closed_at IS NULL ORDER BY sort, id`, kernel.NoID).Scan(ctx, &all)
	if err != nil {
		return nodes{}, fmt.Errorf("read the departments: %w", err)
	}
	return newNodes(all), nil
}

func newNodes(all []node) nodes {
	n := nodes{byID: make(map[kernel.ID]node, len(all)), children: map[kernel.ID][]kernel.ID{}}
	for _, d := range all {
		n.add(d)
	}
	return n
}

func (n nodes) add(d node) {
	n.byID[d.ID] = d
	n.children[d.Parent] = append(n.children[d.Parent], d.ID)
}

// chain are the departments from id up to the top.
func (n nodes) chain(id kernel.ID) []node {
	var chain []node
	for d, ok := n.byID[id]; ok && len(chain) < len(n.byID); d, ok = n.byID[d.Parent] {
		chain = append(chain, d)
	}
	return chain
}

// within says whether id is ancestor or stands below it.
func (n nodes) within(id, ancestor kernel.ID) bool {
	for _, d := range n.chain(id) {
		if d.ID == ancestor {
			return true
		}
	}
	return false
}

// height is how many levels id and what is below it take.
func (n nodes) height(id kernel.ID) int {
	highest := 0
	for _, child := range n.children[id] {
		highest = max(highest, n.height(child))
	}
	return highest + 1
}

// canHold says whether levels more fit below parent.
func (n nodes) canHold(parent kernel.ID, levels int) error {
	if _, ok := n.byID[parent]; !ok && parent != kernel.NoID {
		return kernel.Invalid("department_unknown").OnField("body.parentId")
	}
	if len(n.chain(parent))+levels > maxDepth {
		return kernel.Conflict("department_too_deep").With("max", maxDepth).OnField("body.parentId")
	}
	return nil
}

// path is the department as people write it: 研发中心/平台组.
func (n nodes) path(id kernel.ID) string {
	chain := n.chain(id)
	names := make([]string, len(chain))
	for i, d := range chain {
		names[len(chain)-1-i] = d.Name
	}
	return strings.Join(names, "/")
}
