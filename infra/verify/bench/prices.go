package main

// tariffs are list prices in mainland China, in yuan, without discounts, resource plans and free quotas.
// Prices change: look up current ones and enter them here.
type tariffs struct {
	storage  float64    // a GB and month of standard storage, locally redundant
	puts     float64    // 10,000 puts, deletes and lists
	gets     float64    // 10,000 reads
	units    [3]float64 // one compute unit (CU), by tier
	tierEnds [2]float64 // CU a month
	calls    float64    // CU for 10,000 calls
	vcpu     float64    // CU for one vCPU-second
	memory   float64    // CU for one GB-second
	hour     float64    // the minimum for a function in an hour in which it ran
}

// listPrices has the prices of Function Compute as of February 2026, from its page on pay-as-you-go billing
// (help.aliyun.com/functioncompute), and the prices of OSS as of 2023, from second-hand sources only.
var listPrices = tariffs{
	storage:  0.12,
	puts:     0.01,
	gets:     0.01,
	units:    [3]float64{0.00011, 0.00010, 0.00009},
	tierEnds: [2]float64{200e6, 1000e6},
	calls:    75,
	vcpu:     1,
	memory:   0.15,
	hour:     0.01,
}

// compute returns the price of compute units, tier by tier.
func (t tariffs) compute(units float64) (yuan float64) {
	from := 0.0
	for i, price := range t.units {
		to := units
		if i < len(t.tierEnds) {
			to = min(units, t.tierEnds[i])
		}
		yuan += max(to-from, 0) * price
		from = max(to, from)
	}
	return yuan
}
