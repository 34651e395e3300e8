package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DatabaseServerSpec says how the operator reaches a database of a PostgreSQL server.
//
// +kubebuilder:validation:XValidation:rule="self.database == oldSelf.database",fieldPath=".database",message="database cannot change: the tenants' data lies in it; make another DatabaseServer for another database"
// +kubebuilder:validation:XValidation:rule="!(self.sslMode in ['verify-ca', 'verify-full']) || (has(self.caBundle) && self.caBundle.size() > 0)",fieldPath=".caBundle",message="caBundle must hold the authority's certificate (PEM) for sslMode verify-ca and verify-full: the app's image trusts no public authority for databases"
type DatabaseServerSpec struct {
	// host is a name or an address that pods of the cluster can reach,
	// for example postgres.atrium-system.svc.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$') || isIP(self)",message="host must be a DNS name or an IP address, without scheme and port"
	Host string `json:"host"`

	// port of the server.
	// +optional
	// +kubebuilder:default=5432
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`

	// database exists already and belongs to the admin.
	// +optional
	// +kubebuilder:default=atrium
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=55
	Database string `json:"database,omitempty"`

	// adminSecretRef names a Secret of the operator's namespace with the keys
	// username and password. The admin needs CREATEROLE and the ownership of the
	// database; it must not be a superuser.
	// +required
	AdminSecretRef SecretRef `json:"adminSecretRef"`

	// sslMode is that of libpq: require encrypts, verify-ca checks the authority,
	// verify-full the host name as well.
	// +optional
	// +kubebuilder:default=verify-full
	// +kubebuilder:validation:Enum=disable;require;verify-ca;verify-full
	SSLMode string `json:"sslMode,omitempty"`

	// caBundle holds the certificates (PEM) of the authorities to trust.
	// +optional
	// +kubebuilder:validation:MaxLength=65536
	CABundle string `json:"caBundle,omitempty"`

	ServerPlacement `json:",inline"`
}

// DatabaseServerStatus is what was measured.
type DatabaseServerStatus struct {
	ServerStatus `json:",inline"`
	// version of PostgreSQL, for example 17.6.
	// +optional
	Version string `json:"version,omitempty"`
}

// DatabaseServer is a database of a PostgreSQL server (16 or newer) that holds the
// schemas of tenants and their registry.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=atrium,shortName=dbs
// +kubebuilder:printcolumn:name="Reachable",type=string,JSONPath=`.status.conditions[?(@.type=="Reachable")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Reachable")].reason`
// +kubebuilder:printcolumn:name="Since",type=date,JSONPath=`.status.conditions[?(@.type=="Reachable")].lastTransitionTime`
// +kubebuilder:printcolumn:name="Tenants",type=integer,JSONPath=`.status.tenants`
// +kubebuilder:printcolumn:name="Used %",type=integer,JSONPath=`.status.usedPercent`
// +kubebuilder:printcolumn:name="Cordoned",type=boolean,JSONPath=`.spec.cordoned`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`
// +kubebuilder:printcolumn:name="Host",type=string,JSONPath=`.spec.host`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Reachable")].message`
type DatabaseServer struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec DatabaseServerSpec `json:"spec"`
	// +optional
	Status DatabaseServerStatus `json:"status,omitempty"`
}

// DatabaseServerList is a list of DatabaseServers.
//
// +kubebuilder:object:root=true
type DatabaseServerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []DatabaseServer `json:"items"`
}
