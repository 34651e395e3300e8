package leftovers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"atrium.dev/hack/cluster/internal/command"
)

// HostTable is the table of the packet filter that "up" makes itself.
const HostTable = "atrium"

type table struct{ family, name string }

func (t table) String() string { return t.family + " " + t.name }

type chain struct {
	table
	name string
	hook string // "" for chains that only others call
}

func (c chain) String() string { return c.table.String() + " " + c.name }

type rule struct {
	chain  string // as chain.String
	handle int
	jump   string // name of the chain that it jumps to, "" for none
}

// rules is what nftables holds, as far as removing needs to know.
type rules struct {
	tables []table
	chains []chain
	rules  []rule
}

func readRules(ctx context.Context) (rules, error) {
	out, err := command.Output(ctx, "nft", "--json", "list", "ruleset")
	if err != nil {
		return rules{}, fmt.Errorf("read the packet filter's rules: %w; the kernel needs nftables", err)
	}
	return parseRules([]byte(out))
}

func parseRules(listing []byte) (rules, error) {
	var document struct {
		Nftables []struct {
			Table *struct{ Family, Name string }
			Chain *struct{ Family, Table, Name, Hook string }
			Rule  *struct {
				Family, Table, Chain string
				Handle               int
				Expr                 []map[string]json.RawMessage
			}
		}
	}
	var found rules
	if len(listing) == 0 {
		return found, nil
	}
	if err := json.Unmarshal(listing, &document); err != nil {
		return rules{}, fmt.Errorf("read the packet filter's rules: %w", err)
	}
	for _, item := range document.Nftables {
		switch {
		case item.Table != nil:
			found.tables = append(found.tables, table{item.Table.Family, item.Table.Name})
		case item.Chain != nil:
			found.chains = append(found.chains, chain{table{item.Chain.Family, item.Chain.Table}, item.Chain.Name, item.Chain.Hook})
		case item.Rule != nil:
			owner := chain{table{item.Rule.Family, item.Rule.Table}, item.Rule.Chain, ""}
			found.rules = append(found.rules, rule{owner.String(), item.Rule.Handle, jumpTarget(item.Rule.Expr)})
		}
	}
	return found, nil
}

// jumpTarget finds the chain that a rule jumps or goes to.
func jumpTarget(expressions []map[string]json.RawMessage) string {
	for _, expression := range expressions {
		for _, verb := range []string{"jump", "goto"} {
			var to struct{ Target string }
			if raw, ok := expression[verb]; ok && json.Unmarshal(raw, &to) == nil {
				return to.Target
			}
		}
	}
	return ""
}

// oursByName says whether Kubernetes or Cilium gave a chain its name.
func oursByName(chain string) bool {
	return strings.HasPrefix(chain, "KUBE-") || strings.HasPrefix(chain, "CILIUM_") || strings.HasPrefix(chain, "OLD_CILIUM_") || strings.HasPrefix(chain, "CNI-")
}

// removals plans the commands that take away what the cluster added: the tables
// of kube-proxy and its own, then KUBE-* chains with the rules that jump to them, then
// tables and hooks of iptables that were made for those and are empty now.
func (b Baseline) removals(now rules) [][]string {
	var commands [][]string
	gone := map[string]bool{}
	for _, t := range now.tables {
		if (t.name == "kube-proxy" || t.name == HostTable) && !slices.Contains(b.Tables, t.String()) {
			commands = append(commands, []string{"nft", "delete", "table", t.family, t.name})
			gone[t.String()] = true
		}
	}
	ourChains := map[string]bool{}
	for _, c := range now.chains {
		if oursByName(c.name) && !gone[c.table.String()] && !slices.Contains(b.Chains, c.String()) {
			ourChains[c.String()] = true
		}
	}
	left := map[string]int{}
	for _, r := range now.rules {
		owner := splitChain(r.chain)
		switch {
		case gone[owner.table.String()] || ourChains[r.chain]:
		case r.jump != "" && ourChains[chain{owner.table, r.jump, ""}.String()]:
			commands = append(commands, []string{"nft", "delete", "rule", owner.family, owner.table.name, owner.name, "handle", fmt.Sprint(r.handle)})
		default:
			left[r.chain]++
		}
	}
	for _, verb := range []string{"flush", "delete"} {
		for _, c := range now.chains {
			if ourChains[c.String()] {
				commands = append(commands, []string{"nft", verb, "chain", c.family, c.table.name, c.name})
			}
		}
	}
	for _, t := range now.tables {
		if !gone[t.String()] && !slices.Contains(b.Tables, t.String()) && touched(now, t, ourChains) && empty(now, t, ourChains, left) {
			commands = append(commands, []string{"nft", "delete", "table", t.family, t.name})
		}
	}
	return commands
}

// touched says whether the cluster had chains in a table.
func touched(now rules, t table, ours map[string]bool) bool {
	return slices.ContainsFunc(now.chains, func(c chain) bool { return c.table == t && ours[c.String()] })
}

// empty says whether a table holds nothing but hooks without rules once our chains are gone.
func empty(now rules, t table, ours map[string]bool, left map[string]int) bool {
	for _, c := range now.chains {
		if c.table == t && !ours[c.String()] && (c.hook == "" || left[c.String()] > 0) {
			return false
		}
	}
	return true
}

func splitChain(text string) chain {
	fields := strings.SplitN(text, " ", 3)
	return chain{table{fields[0], fields[1]}, fields[2], ""}
}
