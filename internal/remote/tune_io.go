package remote

import (
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/remote/xdr"
)

// ioProperties gives the parameters of devices, and systemd's properties for them.
func ioProperties() []ioProperty {
	return []ioProperty{
		{"device_weight", "IODeviceWeight"},
		{"device_read_iops_sec", "IOReadIOPSMax"},
		{"device_write_iops_sec", "IOWriteIOPSMax"},
		{"device_read_bytes_sec", "IOReadBandwidthMax"},
		{"device_write_bytes_sec", "IOWriteBandwidthMax"},
	}
}

type ioProperty struct{ field, property string }

func blkioParameters(l limits) []xdr.Typed {
	weight := l.IOWeight
	if weight == plan.Infinity {
		weight = defaultShares
	}
	list := []xdr.Typed{xdr.UIntOf("weight", uint32(weight))}
	for i, numbers := range [][]domain.DeviceNumber{l.IODeviceWeight, l.IOReadIOPS, l.IOWriteIOPS, l.IOReadBPS, l.IOWriteBPS} {
		list = append(list, xdr.TextOf(ioProperties()[i].field, deviceText(numbers)))
	}
	return list
}

// deviceText is libvirt's text of devices and their numbers: PATH,N,PATH,N.
func deviceText(list []domain.DeviceNumber) string {
	var parts []string
	for _, d := range list {
		parts = append(parts, d.Path, strconv.FormatUint(d.Number, 10))
	}
	return strings.Join(parts, ",")
}

func blkioSettings(_ limits, list []xdr.Typed) (settings []domain.Setting, err error) {
	for i := range list {
		p := &list[i]
		if p.Field == "weight" {
			n, err := number(p)
			if err != nil {
				return nil, err
			}
			settings = append(settings, domain.Setting{Property: "IOWeight", Number: n})
			continue
		}
		property := ""
		for _, io := range ioProperties() {
			if io.field == p.Field {
				property = io.property
			}
		}
		if property == "" {
			return nil, unknownParameter(p)
		}
		devices, err := deviceNumbers(p)
		if err != nil {
			return nil, err
		}
		settings = append(settings, domain.Setting{Property: property, Devices: devices})
	}
	return settings, nil
}

// deviceNumbers reads libvirt's text. A path has no comma in it.
func deviceNumbers(p *xdr.Typed) (list []domain.DeviceNumber, err error) {
	if p.Type != xdr.String {
		return nil, wrong(codeInvalidArg, domainLXC, "invalid type for parameter '%s', which is a text", p.Field)
	}
	words := strings.Split(p.Text, ",")
	for i := 0; i < len(words); i += 2 {
		bad := i+1 >= len(words)
		var n uint64
		if !bad {
			n, err = strconv.ParseUint(words[i+1], 10, 64)
			bad = err != nil
		}
		if bad {
			return nil, wrong(codeInvalidArg, domainLXC, "unable to parse '%s' of '%s': it is not PATH,NUMBER,...", p.Text, p.Field)
		}
		list = append(list, domain.DeviceNumber{Path: words[i], Number: n})
	}
	return list, nil
}
