// Package tools pins what a real Kubernetes for development and tests is made of. These are the programs
// in go.mod's tool lines, and the modules whose folders hold the operators' CRDs.
package tools

import (
	_ "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	_ "github.com/cloudnative-pg/cloudnative-pg/api/v1"
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
