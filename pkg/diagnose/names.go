package diagnose

import (
	"slices"
	"strconv"
	"strings"
)

// maxNames is the maximum number of names that a list shows.
const maxNames = 4

// addresses is a value that lists addresses.
type addresses []string

func (a addresses) in(lang Lang) string { return listed(a, "个地址", lang) }

// nodes is a value that lists broker nodes. In English, the list begins with "node" or "nodes",
// as in "node n1".
type nodes []string

// nodesOf returns the nodes of the ended connections in the given successions. It lists each node
// once, in order of first appearance.
func nodesOf(successions []succession) nodes {
	var found nodes
	seen := map[string]bool{} // searching found would be slow if each event names a different node
	for _, s := range successions {
		if node := s.ended.Node; !seen[node] {
			seen[node] = true
			found = append(found, node)
		}
	}
	return found
}

func (n nodes) in(lang Lang) string {
	names := listed(n, "个节点", lang)
	switch {
	case lang == Chinese:
		return names
	case len(n) == 1:
		return "node " + names
	default:
		return "nodes " + names
	}
}

// listed joins at most maxNames names; see joinedNames.
func listed(names []string, counted string, lang Lang) string {
	return joinedNames(names, maxNames, func(name string) string { return quoted(name).in(lang) }, counted, lang)
}

// joinedNames joins at most n of the given names, each formatted by show. It shows names that look
// the same only once. If it leaves out any names, it adds a number. In English, this is the number of
// names left out. In Chinese, it is the number of all names, followed by counted, a measure word and
// a noun.
func joinedNames(names []string, n int, show func(string) string, counted string, lang Lang) string {
	var first []string
	for _, name := range names[:min(len(names), n)] {
		if shown := show(name); !slices.Contains(first, shown) {
			first = append(first, shown)
		}
	}
	more := len(names) - len(first)
	switch {
	case lang == Chinese && more > 0:
		return strings.Join(first, "、") + " 等 " + strconv.Itoa(len(names)) + " " + counted
	case lang == Chinese:
		return strings.Join(first, "、")
	case more > 0:
		return strings.Join(first, ", ") + " and " + strconv.Itoa(more) + " more"
	case len(first) == 1:
		return first[0]
	default:
		return strings.Join(first[:len(first)-1], ", ") + " and " + first[len(first)-1]
	}
}
