package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// tuning says what of a container is meant, for the list of calls.
func tuning(o client.TuneOptions) string {
	var words []string
	if o.Live {
		words = append(words, "live")
	}
	if o.Config {
		words = append(words, "config")
	}
	return strings.Join(words, "+")
}

func (f *fake) Resources(_ context.Context, p client.Path, o client.TuneOptions) (client.Info, error) {
	i := f.at(p)
	if o.Live && i.State == "shutoff" {
		return client.Info{}, &client.Error{Name: contract.ErrorNotRunning, Message: "domain is not running"}
	}
	i.MemoryHigh, i.MemorySwapMax, i.CPUWeight, i.CPUQuotaPerSecUSec, i.CPUQuotaPeriodUSec, i.IOWeight = noLimit, noLimit, noLimit, noLimit, noLimit, noLimit
	if i.Name == "web" && !o.Config {
		i.MemoryHigh, i.MemorySwapMax, i.MemoryLow, i.CPUWeight, i.CPUQuotaPerSecUSec, i.CPUQuotaPeriodUSec, i.IOWeight = 400<<20, 100<<20, 16<<20, 200, 500_000, 50_000, 300
		i.NUMAMode, i.AllowedMemoryNodes = "strict", []byte{0b1011, 1}
		i.IOReadBandwidthMax = []client.DeviceNumber{{Path: "/dev/vda", Number: 1 << 20}, {Path: "/dev/vdb", Number: 7}}
	}
	return i, f.call("Resources", tuning(o))
}

func (f *fake) SetResources(_ context.Context, p client.Path, r client.Resources, o client.TuneOptions) error {
	words := []string{f.at(p).Name, tuning(o)}
	for _, name := range slices.Sorted(maps.Keys(r)) {
		words = append(words, fmt.Sprint(name, "=", r[name]))
	}
	return f.call("SetResources", strings.Join(words, " "))
}
