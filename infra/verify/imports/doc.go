// Package imports holds the rules of the import graph. The tests read the import graph of the
// module. If an import breaks a rule, they fail and state the reason for the rule. The modules
// infra/verify/e2e and infra/verify/bench are not part of the graph and may import anything.
package imports
