package domain

import "strings"

// refusedDocuments are wrong before any value is looked at.
func refusedDocuments() []refusal {
	deep := strings.Repeat("<x>", 100) + strings.Repeat("</x>", 100)
	return []refusal{
		{"", InvalidXML, ""},
		{" \n ", InvalidXML, ""},
		{"web", InvalidXML, ""},
		{"<!-- nothing -->", InvalidXML, ""},
		{"<domain", InvalidXML, ""},
		{"<domain type='lxc'><name>web</name>", InvalidXML, "domain"},
		{"<domain type='lxc'><name>web</domain>", InvalidXML, "domain/name"},
		{"<foo/>", InvalidXML, ""},
		{"<domain xmlns='urn:x' type='lxc'/>", InvalidXML, ""},
		{with("") + "<domain/>", InvalidXML, ""},
		{with("") + "junk", InvalidXML, ""},
		{"junk" + with(""), InvalidXML, ""},
		{"<!DOCTYPE domain>" + with(""), InvalidXML, ""},
		{"<!DOCTYPE d [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;'>]>" + with("<title>&b;</title>"), InvalidXML, ""},
		{"<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + with("<title>&a;</title>"), InvalidXML, ""},
		{with("<title>&bomb;</title>"), InvalidXML, "domain/title"},
		{with("<title a='&bomb;'/>"), InvalidXML, "domain"},
		{with("<!ELEMENT a>"), InvalidXML, "domain"},
		{with("<?php x?>"), InvalidXML, "domain"},
		{"<?xml-stylesheet href='x'?>" + with(""), InvalidXML, ""},
		{"<?xml version='1.0' encoding='latin1'?>" + with(""), InvalidXML, ""},
		{"<?xml version='1.1'?>" + with(""), InvalidXML, ""},
		{with("<title>\xff</title>"), InvalidXML, ""},
		{with("<title>\xc0\xaf</title>"), InvalidXML, ""},
		{with("<title>\xed\xa0\x80</title>"), InvalidXML, ""},
		{with("<title>\x00</title>"), InvalidXML, ""},
		{with("<title>&#0;</title>"), InvalidXML, "domain/title"},
		{with("<!--\x1b[2J-->"), InvalidXML, ""},
		{with("<title>\uFFFE</title>"), InvalidXML, ""},
		{strings.Repeat(" ", maxSize) + with(""), InvalidXML, ""},
		{with("<devices>" + strings.Repeat("<filesystem><source dir='/a'/><target dir='/a'/></filesystem>", 6000) + "</devices><metadata><x>" + strings.Repeat("x", 500000) + "</x></metadata>"), InvalidXML, "domain"},
		{with("<metadata>" + deep + "</metadata>"), InvalidXML, "domain/metadata" + strings.Repeat("/x", 30)},
		{with("<metadata>" + strings.Repeat("<x/>", maxElements) + "</metadata>"), InvalidXML, "domain/metadata"},
		{with("<metadata><x " + attributes(maxAttrs+1) + "/></metadata>"), InvalidXML, "domain/metadata/x"},
		{with("<metadata><a:x/></metadata>"), InvalidXML, "domain/metadata/a:x"},
		{with("<metadata><x a:y=''/></metadata>"), InvalidXML, "domain/metadata/x"},
		{with("<metadata><x xmlns:a='u'/><a:y/></metadata>"), InvalidXML, "domain/metadata/a:y"},
		{with("<metadata><x y='1' y='2'/></metadata>"), InvalidXML, "domain/metadata/x@y"},
		{with("<title>" + strings.Repeat("x", maxText+1) + "</title>"), InvalidXML, "domain/title"},
		{with("<clock offset='" + strings.Repeat("x", maxText+1) + "'/>"), InvalidXML, "domain/clock@offset"},
		{with("<clock offset='utc' offset='utc'/>"), InvalidXML, "domain/clock@offset"},
		{with("<nosuch/>"), InvalidXML, "domain/nosuch"},
		{with("<clock nosuch=''/>"), InvalidXML, "domain/clock@nosuch"},
		{with("<clock a:offset='utc' xmlns:a='urn:a'/>"), InvalidXML, "domain/clock@{urn:a}offset"},
		{with("<title xml:lang='en'>a</title>"), InvalidXML, "domain/title@xml:lang"},
		{with("<metadata><x xmlns:a='u' xmlns:b='u' a:y='1' b:y='2'/></metadata>"), InvalidXML, "domain/metadata/x@{u}y"},
		{with("<metadata xmlns='urn:m'/>"), InvalidXML, "domain/{urn:m}metadata"},
		{with("<metadata><a>]]></a></metadata>"), InvalidXML, "domain/metadata/a"},
		{with("<!-- a -- b -->"), InvalidXML, "domain"},
		{with("<features><capabilities><mknod>on</mknod></capabilities></features>"), InvalidXML, "domain/features/capabilities/mknod"},
		{with("<features><capabilities><x:mknod xmlns:x='" + lxcNamespace + "'/></capabilities></features>"), InvalidConfig, "domain/features/capabilities/lxc:mknod"},
		{"\uFEFF\uFEFF" + with(""), InvalidXML, ""},
		{with("<clock>text</clock>"), InvalidXML, "domain/clock"},
		{with("text"), InvalidXML, "domain"},
		{with("<title>a<b/></title>"), InvalidXML, "domain/title/b"},
		{with("<name>a</name><name>b</name>"), InvalidXML, "domain/name[2]"},
		{with("<memory>1</memory><memory>2</memory>"), InvalidXML, "domain/memory[2]"},
		{with("<devices/><devices/>"), InvalidXML, "domain/devices[2]"},
		{with("<metadata/><metadata/>"), InvalidXML, "domain/metadata[2]"},
		{with("<x:name xmlns:x='urn:x'>a</x:name>"), InvalidXML, "domain/{urn:x}name"},
		{with("<namespace/>"), InvalidXML, "domain/namespace"},
		{with("<lxc:namespace/>"), InvalidXML, "domain/{lxc}namespace"},
		// Libvirt's, but not served.
		{with("<maxMemory>1</maxMemory>"), InvalidConfig, "domain/maxMemory"},
		{with("<os><type>exe</type><init>/i</init><kernel>/k</kernel></os>"), InvalidConfig, "domain/os/kernel"},
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("a" + strings.Repeat("b", i) + "='' ")
	}
	return b.String()
}
