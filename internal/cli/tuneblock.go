package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/client"
)

// blockTuning is the output of blkiotune --json. The numbers of devices are by the device's path.
type blockTuning struct {
	Weight     *uint64           `json:"weight"`
	Weights    map[string]uint64 `json:"device_weight"`
	ReadIOPS   map[string]uint64 `json:"device_read_iops_sec"`
	WriteIOPS  map[string]uint64 `json:"device_write_iops_sec"`
	ReadBytes  map[string]uint64 `json:"device_read_bytes_sec"`
	WriteBytes map[string]uint64 `json:"device_write_bytes_sec"`
}

// defaultWeight is the kernel's weight of a control group to which nobody gives one.
const defaultWeight = 100

// deviceOption is an option of blkiotune with numbers of devices, and the parameter and property that it sets.
type deviceOption struct {
	operand   *operand
	parameter string
	property  string
	of        func(*client.Info) []client.DeviceNumber
}

func deviceOptions() []deviceOption {
	list := []deviceOption{
		{nil, "device_weight", "IODeviceWeight", func(i *client.Info) []client.DeviceNumber { return i.IODeviceWeight }},
		{nil, "device_read_iops_sec", "IOReadIOPSMax", func(i *client.Info) []client.DeviceNumber { return i.IOReadIOPSMax }},
		{nil, "device_write_iops_sec", "IOWriteIOPSMax", func(i *client.Info) []client.DeviceNumber { return i.IOWriteIOPSMax }},
		{nil, "device_read_bytes_sec", "IOReadBandwidthMax", func(i *client.Info) []client.DeviceNumber { return i.IOReadBandwidthMax }},
		{nil, "device_write_bytes_sec", "IOWriteBandwidthMax", func(i *client.Info) []client.DeviceNumber { return i.IOWriteBandwidthMax }},
	}
	for i := range list {
		name := strings.ReplaceAll(list[i].parameter, "_", "-")
		word := strings.ToUpper(strings.TrimPrefix(strings.TrimSuffix(name, "-sec"), "device-"))
		about := "`" + word + "`: a list of devices and operations in a second, such as /dev/sda,1000,/dev/sdb,500; 0 means no limit"
		switch i {
		case 0:
			name, about = "device-weights", "`WEIGHTS`: a list of devices and weights, such as /dev/sda,200,/dev/sdb,50; 0 takes a weight away"
		case 3, 4:
			about = strings.Replace(about, "operations", "bytes", 1)
		}
		list[i].operand = &operand{name: name, about: about, optional: true}
	}
	return list
}

func blockTune() tunable {
	weight := &operand{name: "weight", about: "`WEIGHT` among the containers, 1 to 10000", optional: true}
	options := deviceOptions()
	t := tunable{use: "blkiotune", short: "Print or change the weights and limits of block devices of a container", operands: []*operand{weight}}
	for _, o := range options {
		t.operands = append(t.operands, o.operand)
	}
	t.json = func(i client.Info) any {
		m := func(n int) map[string]uint64 {
			numbers := map[string]uint64{}
			for _, d := range options[n].of(&i) {
				numbers[d.Path] = d.Number
			}
			return numbers
		}
		return blockTuning{limited(i.IOWeight), m(0), m(1), m(2), m(3), m(4)}
	}
	t.read = func(i client.Info) []parameter {
		list := []parameter{{"weight", weightText(i.IOWeight)}}
		for _, o := range options {
			var words []string
			for _, d := range o.of(&i) {
				words = append(words, printable(d.Path), number(d.Number))
			}
			list = append(list, parameter{o.parameter, strings.Join(words, ",")})
		}
		return list
	}
	t.set = func(client.Info) (client.Resources, error) {
		r := client.Resources{}
		if weight.given {
			n, err := strconv.ParseUint(weight.value, 10, 64)
			if err != nil {
				return nil, malformed(weight.value, weight.name)
			}
			r["IOWeight"] = n
		}
		for _, o := range options {
			if !o.operand.given {
				continue
			}
			numbers, err := deviceNumbers(o.operand)
			if err != nil {
				return nil, err
			}
			r[o.property] = numbers
		}
		return r, nil
	}
	return t
}

// weightText returns a weight, the kernel's if none is set.
func weightText(n uint64) string {
	if n == noLimit {
		n = defaultWeight
	}
	return number(n)
}

// deviceNumbers reads libvirt's form of a list: paths and numbers in turns, with commas between.
func deviceNumbers(o *operand) ([]client.DeviceNumber, error) {
	words := strings.Split(o.value, ",")
	list := []client.DeviceNumber{}
	if len(words)%2 != 0 {
		return nil, fmt.Errorf("'%s' for --%s is not a list of devices with a number each, such as /dev/sda,1000", printable(o.value), o.name)
	}
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.ParseUint(words[i+1], 10, 64)
		if err != nil {
			return nil, malformed(words[i+1], o.name)
		}
		list = append(list, client.DeviceNumber{Path: words[i], Number: n})
	}
	return list, nil
}
