// Package imports holds the rules of the import graph. The tests read the import graph of the
// module. If an import breaks a rule, the tests fail and state the reason for the rule. The graph
// omits infra/verify/e2e and infra/verify/bench, because they are modules of their own. These two
// modules may import anything.
package imports
