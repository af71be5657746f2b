package fleet

import "net/netip"

// The lengths of the prefixes that count as one network.
const (
	bits4 = 24
	bits6 = 48
)

// networkOf returns the network of an address, such as 198.51.100.0/24. The result is the zero Prefix
// if the address is not an IP address.
func networkOf(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	ip = ip.Unmap().WithZone("")
	bits := bits6
	if ip.Is4() {
		bits = bits4
	}
	network, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return network
}

func networkOfDrop(d *Drop) netip.Prefix { return networkOf(d.Address) }

// networks splits the other devices in a window by network. The zero Prefix stands for unknown
// addresses.
type networks struct {
	// others counts the devices in each known network, and known is the sum of these counts. Either
	// all devices are known or only a sample.
	others map[netip.Prefix]int64
	known  int64
	// share is the estimated share of each network. It is nil if all devices are known.
	share map[netip.Prefix]float64
}

func (n *networks) addSample(devices []Drop, weights map[netip.Prefix]float64, total float64) {
	n.others = countBy(devices, networkOfDrop)
	n.known = int64(len(devices))
	n.share = map[netip.Prefix]float64{}
	for network, weight := range weights {
		if total > 0 {
			n.share[network] = weight / total
		}
	}
}

// estimate returns the number of other devices in a network. all is the number of other devices.
func (n *networks) estimate(network netip.Prefix, all int64) int64 {
	if n.share == nil {
		return n.others[network]
	}
	return max(n.others[network], int64(n.share[network]*float64(all)))
}

// A network that has too low a share of the sample may still have the needed share of all devices.
// It may if its share of the sample is at least nearlyEnough times the needed one, and if a sample
// shows so low a share with a probability of at least minChance.
const (
	nearlyEnough = 0.7
	minChance    = 0.05
)

// mayCover reports whether a network may have the needed share of all devices, judging by a sample;
// see nearlyEnough.
func (n *networks) mayCover(network netip.Prefix, needed float64) bool {
	if n.share == nil || n.share[network] < nearlyEnough*needed {
		return false
	}
	outside := n.known - int64(n.share[network]*float64(n.known))
	return binomialTail(outside, n.known, 1-needed) >= minChance
}

// shareOf returns the share of a network among the other devices.
func (n *networks) shareOf(network netip.Prefix, all int64) float64 {
	if n.share != nil {
		return n.share[network]
	}
	return float64(n.others[network]) / float64(max(all, 1))
}

// networkBase counts the devices of a fleet by network. It knows a device only from the sample of a
// minute that is not near the window.
type networkBase struct {
	devices map[netip.Prefix]int64 // by network
	total   int64
}

// baseGap is the number of minutes on each side of a window whose samples networkBase ignores.
// Otherwise, a network whose devices drop one by one would soon seem to include the whole fleet.
const baseGap = 10

func (s sums) networkBase(w window) networkBase {
	b := networkBase{devices: map[netip.Prefix]int64{}}
	seen := map[string]bool{}
	for i := len(s.vicinities) - 1; i >= 0 && b.total < maxBase; i-- {
		v := &s.vicinities[i]
		if w.first-baseGap <= v.Minute && v.Minute <= w.last+baseGap {
			continue
		}
		for _, d := range v.Sample {
			if network := networkOf(d.Address); network.IsValid() && !seen[d.ClientID] {
				seen[d.ClientID] = true
				b.devices[network]++
				b.total++
			}
		}
	}
	return b
}

// A usual share is estimated from at least minBase devices and at most about maxBase.
const (
	minBase = 10
	maxBase = 1000
)

// share returns the usual share of a network. known is false if too few devices are known. A
// network without known devices counts as if it had one.
func (b networkBase) share(network netip.Prefix) (share float64, known bool) {
	return float64(max(b.devices[network], 1)) / float64(max(b.total, 1)), b.total >= minBase
}
