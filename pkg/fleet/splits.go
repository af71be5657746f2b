package fleet

import (
	"cmp"
	"slices"
)

// OnNode counts other devices on one node. If Rest is true, it counts the devices on all nodes that
// are not named.
type OnNode struct {
	Node   string  `json:"node"`
	Rest   bool    `json:"rest,omitempty"`
	Others int64   `json:"others"`
	Usual  float64 `json:"usual"`
}

// WithReason counts other devices with the same reason.
type WithReason struct {
	Action     string  `json:"action"`
	ActionInfo string  `json:"action_info"`
	Others     int64   `json:"others"`
	Usual      float64 `json:"usual"`
}

// InNetwork counts other devices in one network: /24 for IPv4, /48 for IPv6. If only a sample is
// known, Others is nil and Share is an estimate.
type InNetwork struct {
	Network string  `json:"network"`
	Others  *int64  `json:"others"`
	Share   float64 `json:"share"` // from 0 to 1
}

// maxSplit is the maximum length of Scope.ByNode, Scope.ByReason and Scope.ByNetwork.
const maxSplit = 64

// addSplits adds the numbers of other devices by node, reason and network to a scope.
func (j *judge) addSplits(s *Scope) {
	for k, n := range j.others.nodes {
		s.ByNode = append(s.ByNode, OnNode{k.node, k.rest, n, j.nodeLevel(k).usual})
	}
	slices.SortFunc(s.ByNode, func(a, b OnNode) int {
		return compareNodes(nodeKey{a.Node, a.Rest}, nodeKey{b.Node, b.Rest}, a.Others, b.Others)
	})
	for k, n := range j.others.reasons {
		s.ByReason = append(s.ByReason, WithReason{k.action, k.info, n, j.reasonLevel(k).usual})
	}
	slices.SortFunc(s.ByReason, func(a, b WithReason) int {
		return cmp.Or(cmp.Compare(b.Others, a.Others), cmp.Compare(a.Action, b.Action), cmp.Compare(a.ActionInfo, b.ActionInfo))
	})
	s.ByNetwork = j.others.networks.list(j.others.all)
	s.ByNode = s.ByNode[:min(len(s.ByNode), maxSplit)]
	s.ByReason = s.ByReason[:min(len(s.ByReason), maxSplit)]
}

func (n *networks) list(all int64) []InNetwork {
	list := []InNetwork{}
	for network, others := range n.others {
		if !network.IsValid() {
			continue
		}
		in := InNetwork{Network: network.String(), Share: n.shareOf(network, all)}
		if n.share == nil {
			in.Others = &others
		}
		list = append(list, in)
	}
	slices.SortFunc(list, func(a, b InNetwork) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Network, b.Network))
	})
	return list[:min(len(list), maxSplit)]
}
