package remote

import (
	"slices"
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/remote/xdr"
)

// numaModes are libvirt's numbers of the modes. Berth has the first and the last.
func numaModes() []string { return []string{"strict", "preferred", "interleave", "restrictive"} }

// numaParameters are those of <numatune>: strict, libvirt's default, and no nodes if there is none.
func numaParameters(l limits) []xdr.Typed {
	mode := max(slices.Index(numaModes(), l.NUMAMode), 0)
	return []xdr.Typed{xdr.IntOf("numa_mode", int32(mode)), xdr.TextOf("numa_nodeset", string(l.AllowedMemoryNodes))}
}

// numaSettings reads them. No nodes mean all.
func numaSettings(_ limits, list []xdr.Typed) (settings []domain.Setting, err error) {
	for i := range list {
		switch p := &list[i]; p.Field {
		case "numa_mode":
			n, err := number(p)
			if err != nil {
				return nil, err
			}
			mode := strconv.FormatInt(int64(n), 10)
			if n < uint64(len(numaModes())) {
				mode = numaModes()[n]
			}
			settings = append(settings, domain.Setting{Property: "NUMAMode", Text: mode})
		case "numa_nodeset":
			set, err := nodeSet(p)
			if err != nil {
				return nil, err
			}
			settings = append(settings, domain.Setting{Property: "AllowedMemoryNodes", Set: set})
		default:
			return nil, unknownParameter(p)
		}
	}
	return settings, nil
}

func nodeSet(p *xdr.Typed) (numberset.Set, error) {
	switch {
	case p.Type != xdr.String:
		return "", wrong(codeInvalidArg, domainLXC, "invalid type for parameter '%s', which is a text", p.Field)
	case p.Text == "":
		return "", nil
	}
	set, err := numberset.Parse(p.Text)
	if err != nil {
		return "", wrong(codeInvalidArg, domainLXC, "parameter '%s': %v", p.Field, err)
	}
	return set, nil
}
