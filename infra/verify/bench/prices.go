package main

import "fmt"

// tariff is a price as somebody publishes it.
type tariff struct {
	what   string
	value  float64
	unit   string
	source string
	asOf   string
	// sure: the source is the vendor's own page, and was read.
	sure bool
}

func (t tariff) String() string {
	doubt := ""
	if !t.sure {
		doubt = ", unverified"
	}
	return fmt.Sprintf("%s (%s, as of %s%s)", t.what, t.source, t.asOf, doubt)
}

// tariffs are list prices in mainland China, in yuan, without discounts, resource
// plans and free quotas. Prices change: look them up and put yours here.
type tariffs struct {
	storage  tariff // of standard storage, locally redundant
	puts     tariff // puts, deletes, lists
	gets     tariff
	units    [3]tariff // of compute units (CU), by tier
	tierEnds [2]float64
	calls    tariff
	vcpu     tariff
	memory   tariff
	hour     tariff // least of a function in an hour in which it ran
}

const (
	ossPage = "OSS pricing, seen second-hand only"
	fcPage  = "help.aliyun.com/functioncompute, pay-as-you-go"
)

var listPrices = tariffs{
	storage: tariff{"standard storage", 0.12, "yuan/GB a month", ossPage, "2023", false},
	puts:    tariff{"put-class requests", 0.01, "yuan/10,000 requests", ossPage, "2023", false},
	gets:    tariff{"get-class requests", 0.01, "yuan/10,000 requests", ossPage, "2023", false},
	units: [3]tariff{
		{"compute units, to 200 M a month", 0.00011, "yuan/CU", fcPage, "2026-02", true},
		{"compute units, to 1,000 M", 0.00010, "yuan/CU", fcPage, "2026-02", true},
		{"compute units, beyond", 0.00009, "yuan/CU", fcPage, "2026-02", true},
	},
	tierEnds: [2]float64{200e6, 1000e6},
	calls:    tariff{"calls", 75, "CU/10,000 calls", fcPage, "2026-02", true},
	vcpu:     tariff{"vCPU", 1, "CU/vCPU-second", fcPage, "2026-02", true},
	memory:   tariff{"memory", 0.15, "CU/GB-second", fcPage, "2026-02", true},
	hour:     tariff{"a function in an hour in which it ran, at least", 0.01, "yuan", fcPage, "2026-02", true},
}

// compute is what so many compute units cost, tier by tier.
func (t tariffs) compute(units float64) (yuan float64) {
	from := 0.0
	for i, price := range t.units {
		to := units
		if i < len(t.tierEnds) {
			to = min(units, t.tierEnds[i])
		}
		yuan += max(to-from, 0) * price.value
		from = max(to, from)
	}
	return yuan
}

// all is what there is to print.
func (t tariffs) all() []tariff {
	return append([]tariff{t.storage, t.puts, t.gets}, append(t.units[:], t.calls, t.vcpu, t.memory, t.hour)...)
}
