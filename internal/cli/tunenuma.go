package cli

import (
	"fmt"
	"strconv"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/numberset"
)

// numaTuning is the output of numatune --json. null means that the container's memory is bound to no nodes.
type numaTuning struct {
	Mode  *string `json:"numa_mode"`
	Nodes *string `json:"numa_nodeset"`
}

func numaTune() tunable {
	mode := &operand{name: "mode", about: "`MODE`: strict or restrictive", optional: true, complete: completeWords("strict", "restrictive")}
	nodes := &operand{name: "nodeset", about: "`NODES` of memory, such as 0-1,3; an empty list means all", optional: true}
	return tunable{
		use: "numatune", short: "Print or change the NUMA nodes of which a container has its memory", operands: []*operand{mode, nodes},
		json: func(i client.Info) any {
			return numaTuning{unlessZero(i.NUMAMode), unlessZero(numbersOf(i.AllowedMemoryNodes))}
		},
		read: func(i client.Info) []parameter {
			if i.NUMAMode == "" {
				i.NUMAMode = "strict" // libvirt's default
			}
			return []parameter{{"numa_mode", i.NUMAMode}, {"numa_nodeset", numbersOf(i.AllowedMemoryNodes)}}
		},
		set: func(client.Info) (client.Resources, error) {
			r := client.Resources{}
			if mode.given && mode.value != "" {
				r["NUMAMode"] = numaMode(mode.value)
			}
			if nodes.given {
				mask, err := maskOf(nodes)
				if err != nil {
					return nil, err
				}
				r["AllowedMemoryNodes"] = mask
			}
			return r, nil
		},
	}
}

// numaMode returns the word for libvirt's number of a mode.
func numaMode(given string) string {
	for n, word := range []string{"strict", "preferred", "interleave", "restrictive"} {
		if given == strconv.Itoa(n) {
			return word
		}
	}
	return given
}

// maskOf reads a list of numbers such as 0-3,^2,8. An empty list stands for all.
func maskOf(o *operand) ([]byte, error) {
	if o.value == "" {
		return []byte{}, nil
	}
	set, err := numberset.Parse(o.value)
	if err != nil {
		return nil, fmt.Errorf("option --%s: %w", o.name, err)
	}
	return set.Mask(), nil
}

func numbersOf(mask []byte) string { return string(numberset.Of(numberset.Numbers(mask))) }
