package planner

import (
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// ports are those of the host that are forwarded to an interface.
func ports(i *domain.Interface) (out []plan.NetPort) {
	for _, f := range i.Forwards {
		port := plan.NetPort{Proto: f.Proto, Host: f.Host, Guest: f.Guest}
		if f.Address.IsValid() {
			port.Address = f.Address.String()
		}
		four, six := i.Targets(f)
		if four.IsValid() {
			port.To4 = four.String()
		}
		if six.IsValid() {
			port.To6 = six.String()
		}
		out = append(out, port)
	}
	return out
}
