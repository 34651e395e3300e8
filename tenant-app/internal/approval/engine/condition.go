package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Limits of a condition. What is left of the language by closed cannot loop, so
// its length bounds its cost.
const (
	maxCondition = 500
	memoryBudget = 1000
)

// operators are those that a condition may use.
var operators = []string{"==", "!=", "<", "<=", ">", ">=", "and", "or", "&&", "||", "not", "!", "in", "+", "-", "*", "/"}

// closed refuses every part of the language but comparing, counting and joining
// the variables: no calls, no members, no ranges, no closures, no regular
// expressions.
type closed struct {
	vars  map[string]any
	fault error
}

func (c *closed) Visit(node *ast.Node) {
	operator := ""
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if _, known := c.vars[n.Value]; !known {
			c.fault = fmt.Errorf("a condition knows no %s", n.Value)
		}
		return
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.BoolNode, *ast.ArrayNode:
		return
	case *ast.UnaryNode:
		operator = n.Operator
	case *ast.BinaryNode:
		operator = n.Operator
	default:
		c.fault = fmt.Errorf("a condition cannot hold a %T", n)
		return
	}
	if !slices.Contains(operators, operator) {
		c.fault = fmt.Errorf("a condition cannot use %s", operator)
	}
}

// condition compiles the condition of a path; the last path has none.
func condition(text string, vars map[string]any, last bool) (func(map[string]any) (bool, error), error) {
	if last != (text == "") {
		return nil, errors.New("each path but the last has a condition")
	}
	if last {
		return nil, nil
	}
	if len(text) > maxCondition {
		return nil, fmt.Errorf("the condition has more than %d bytes", maxCondition)
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the condition: %w", err)
	}
	guard := &closed{vars: vars}
	ast.Walk(&tree.Node, guard)
	if guard.fault != nil {
		return nil, guard.fault
	}
	program, err := expr.Compile(text, expr.Env(vars), expr.AsBool(), expr.DisableAllBuiltins(), expr.DisableIfOperator(), expr.Optimize(false))
	if err != nil {
		return nil, fmt.Errorf("read the condition: %w", err)
	}
	return func(values map[string]any) (bool, error) {
		machine := vm.VM{MemoryBudget: memoryBudget}
		out, err := machine.Run(program, environment(vars, values))
		if err != nil {
			return false, fmt.Errorf("decide %q: %w", text, err)
		}
		holds, _ := out.(bool) // AsBool has seen to it
		return holds, nil
	}, nil
}

// zeroes are the variables with the values that they have while empty.
func zeroes(vars map[string]string) (map[string]any, error) {
	out := make(map[string]any, len(vars))
	for name, kind := range vars {
		switch {
		case !word.MatchString(name):
			return nil, fmt.Errorf("read the flow: variable %q must be a short word", name)
		case kind == "number":
			out[name] = 0.0
		case kind == "text":
			out[name] = ""
		case kind == "bool":
			out[name] = false
		default:
			return nil, fmt.Errorf("read the flow: variable %q must be number, text or bool", name)
		}
	}
	return out, nil
}

// environment holds exactly the declared variables, each of its declared type.
func environment(vars, values map[string]any) map[string]any {
	out := make(map[string]any, len(vars))
	for name, zero := range vars {
		out[name] = zero
		switch value := values[name].(type) {
		case float64:
			if _, ok := zero.(float64); ok {
				out[name] = value
			}
		case string:
			if _, ok := zero.(string); ok {
				out[name] = value
			}
		case bool:
			if _, ok := zero.(bool); ok {
				out[name] = value
			}
		}
	}
	return out
}
