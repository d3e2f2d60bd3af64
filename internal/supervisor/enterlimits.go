package supervisor

import (
	"github.com/berthd/berth/internal/enter"
	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/plan"
)

// limit gives a command the limits that init got: those of the definition, and for open files otherwise that of a
// service.
func limit(c *enter.Command, p *plan.Plan) error {
	files := true
	for _, l := range p.RLimits {
		files = files && l.Name != inherit.Nofile
		n, raised, err := inherit.Limit(l).Raised()
		if err != nil {
			return err
		}
		c.Limits = append(c.Limits, enter.Limit{Name: l.Name, Number: n, Soft: l.Soft, Hard: l.Hard, Raised: raised})
	}
	if !files {
		return nil
	}
	var err error
	c.Files, err = inherit.Files(limitsOf(p))
	return err
}

func limitsOf(p *plan.Plan) []inherit.Limit {
	limits := make([]inherit.Limit, len(p.Limits))
	for i, l := range p.Limits {
		limits[i] = inherit.Limit(l)
	}
	return limits
}
