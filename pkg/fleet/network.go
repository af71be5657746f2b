package fleet

import "net/netip"

// The lengths of the prefixes that count as one network.
const (
	bits4 = 24
	bits6 = 48
)

// networkOf returns the network of an address, such as 198.51.100.0/24. The result is empty if the
// address is not an IP address.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	bits := bits6
	if ip.Is4() {
		bits = bits4
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}

// networks splits the other devices in a window by network. The empty network stands for unknown
// addresses.
type networks struct {
	// others counts the devices for each network that is known, and known is their sum. Either all
	// devices are known or a sample.
	others map[string]int64
	known  int64
	// share is the estimated share of each network. It is nil if all devices are known.
	share map[string]float64
}

func (n *networks) addSample(devices []Drop, weights map[string]float64, total float64) {
	n.others = countBy(devices, func(d *Drop) string { return networkOf(d.Address) })
	n.known = int64(len(devices))
	n.share = map[string]float64{}
	for network, weight := range weights {
		if total > 0 {
			n.share[network] = weight / total
		}
	}
}

// estimate returns the number of other devices in a network. all is the number of other devices.
func (n *networks) estimate(network string, all int64) int64 {
	if n.share == nil {
		return n.others[network]
	}
	return max(n.others[network], int64(n.share[network]*float64(all)))
}

// shareOf returns the share of a network among the other devices.
func (n *networks) shareOf(network string, all int64) float64 {
	if n.share != nil {
		return n.share[network]
	}
	return float64(n.others[network]) / float64(max(all, 1))
}

// networkBase describes where the devices of a fleet are: those that dropped at any time outside a
// window, as far as the samples show.
type networkBase struct {
	devices map[string]int64 // by network
	total   int64
}

func (s sums) networkBase(w window) networkBase {
	b := networkBase{devices: map[string]int64{}}
	seen := map[string]bool{}
	for i := range s.vicinities {
		v := &s.vicinities[i]
		if w.first <= v.Minute && v.Minute <= w.last {
			continue
		}
		for _, d := range v.Sample {
			if network := networkOf(d.Address); network != "" && !seen[d.ClientID] {
				seen[d.ClientID] = true
				b.devices[network]++
				b.total++
			}
		}
	}
	return b
}

// minBase is the minimum number of devices that a usual share is estimated from.
const minBase = 10

// share returns the usual share of a network. known is false if too little is known.
func (b networkBase) share(network string) (share float64, known bool) {
	return float64(b.devices[network]) / float64(max(b.total, 1)), b.total >= minBase
}
