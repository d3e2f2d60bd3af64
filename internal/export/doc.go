// Package export is what the exports of a container to other programs share: what they are made of, and what they
// report as lost.
//
// An export is made of the decisions of a start (plan.Plan) and of the definition, so that both agree. Package oci and
// package nspawn below make one each. All of it is pure: the caller passes what must be asked of the host.
package export
