package main

import (
	"regexp"
	"strings"
)

// The lines that a program adds to a definition by itself.
var (
	uuidLine     = regexp.MustCompile(`(?m)^  <uuid>([0-9a-f-]{36})</uuid>\n`)
	emulatorLine = regexp.MustCompile(`(?m)^    <emulator>(/usr/lib/libvirt/libvirt_lxc)</emulator>\n`) // libvirt's own program
)

// address is a MAC address that libvirt or Berth chose.
var address = regexp.MustCompile(`52:54:00(:[0-9a-f]{2}){3}`)

// normal returns a definition without the UUID and the emulator that the document does not have, and with a word in
// place of the MAC addresses that it does not have. Nothing else is changed.
func normal(xml, document string) string {
	document = strings.ToLower(document)
	for _, line := range []*regexp.Regexp{uuidLine, emulatorLine} {
		xml = line.ReplaceAllStringFunc(xml, func(text string) string {
			// A UUID in the document may have no hyphens.
			if value := line.FindStringSubmatch(text)[1]; strings.Contains(document, value) || strings.Contains(document, strings.ReplaceAll(value, "-", "")) {
				return text
			}
			return ""
		})
	}
	return address.ReplaceAllStringFunc(xml, func(text string) string {
		if strings.Contains(document, text) {
			return text
		}
		return "MAC"
	})
}
