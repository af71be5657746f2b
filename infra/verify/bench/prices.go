package main

// tariffs are list prices in mainland China, in yuan, without discounts, resource plans or free
// quotas. Prices change, so look up the current prices and enter them here.
type tariffs struct {
	storage  float64    // yuan per GB-month of standard storage, locally redundant
	puts     float64    // yuan per 10,000 puts, deletes and lists
	gets     float64    // yuan per 10,000 reads
	units    [3]float64 // yuan per compute unit (CU), by tier
	tierEnds [2]float64 // monthly CU at which the first and the second tier end
	calls    float64    // compute units (CU) per 10,000 calls
	vcpu     float64    // CU per vCPU-second
	memory   float64    // CU per GB-second
	hour     float64    // yuan per function, the minimum charge for each hour in which the function runs
}

// listPrices holds the list prices of Function Compute and OSS. The prices of Function Compute
// are as of February 2026, from Alibaba Cloud's page on pay-as-you-go billing
// (help.aliyun.com/functioncompute). The OSS prices are as of 2023, from second-hand sources.
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

// compute returns the price of the given compute units. The price of a unit depends on its tier.
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
