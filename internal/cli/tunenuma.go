package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/client"
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

// mostNodes is above the numbers of processors and memory nodes.
const mostNodes = 16384

// maskOf reads a list of numbers such as 0-3,^2,8 as a mask: bit N%8 of byte N/8 stands for N.
func maskOf(o *operand) ([]byte, error) {
	mask := []byte{}
	if o.value == "" {
		return mask, nil
	}
	for part := range strings.SplitSeq(o.value, ",") {
		number, without := strings.CutPrefix(strings.TrimSpace(part), "^")
		first, last, isRange := strings.Cut(number, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 32)
		to, err2 := strconv.ParseUint(last, 10, 32)
		if err != nil || err2 != nil || from > to || to >= mostNodes || isRange && without {
			return nil, fmt.Errorf("'%s' for --%s is not a list of numbers such as 0-3,8", printable(o.value), o.name)
		}
		for n := from; n <= to; n++ {
			for uint64(len(mask)) <= n/8 {
				mask = append(mask, 0)
			}
			mask[n/8] |= 1 << (n % 8)
			if without {
				mask[n/8] &^= 1 << (n % 8)
			}
		}
	}
	return mask, nil
}

// numbersOf returns the list of numbers of a mask.
func numbersOf(mask []byte) string {
	has := func(n int) bool { return n < 8*len(mask) && mask[n/8]&(1<<(n%8)) != 0 }
	var parts []string
	for n := 0; n < 8*len(mask); n++ {
		if !has(n) {
			continue
		}
		first := n
		for has(n + 1) {
			n++
		}
		if first == n {
			parts = append(parts, strconv.Itoa(n))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", first, n))
		}
	}
	return strings.Join(parts, ",")
}
