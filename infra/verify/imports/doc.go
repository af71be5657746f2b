// Package imports holds the rules of the import graph. Its test reads the graph of the
// module and fails with the reason of the rule that an import breaks. The modules
// infra/verify/e2e and infra/verify/bench stand outside and may import anything.
package imports
