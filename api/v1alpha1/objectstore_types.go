package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ObjectStoreSpec says how the operator reaches an S3 store.
//
// +kubebuilder:validation:XValidation:rule="self.purpose == oldSelf.purpose",fieldPath=".purpose",message="purpose cannot change: what lies in the store would be lost to whom it belongs; make another ObjectStore"
type ObjectStoreSpec struct {
	// endpoint is a URL that pods of the cluster can reach,
	// for example http://minio.atrium-system.svc:9000.
	// +required
	// +kubebuilder:validation:MaxLength=300
	// +kubebuilder:validation:XValidation:rule="self.matches('^https?://([A-Za-z0-9][-A-Za-z0-9.]*|[[][0-9a-fA-F:]+[]])(:[0-9]{1,5})?$')",message="endpoint must be http:// or https:// with a host and an optional port, and nothing after it, for example http://minio.atrium-system.svc:9000"
	Endpoint string `json:"endpoint"`

	// region of the store; most stores of one's own take any.
	// +optional
	// +kubebuilder:default=us-east-1
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Region string `json:"region,omitempty"`

	// pathStyle puts the bucket into the path instead of the host name; MinIO needs it.
	// +optional
	// +kubebuilder:default=true
	PathStyle *bool `json:"pathStyle,omitempty"`

	// caBundle holds the certificates (PEM) of the authorities to trust; empty trusts what the image trusts.
	// +optional
	// +kubebuilder:validation:MaxLength=65536
	CABundle string `json:"caBundle,omitempty"`

	// purpose is what the store is for. A data store holds one bucket per tenant. A
	// backup store holds what must outlive the data stores: the wrapped keys, and
	// backups. Put it on other disks, best in another building.
	// +optional
	// +kubebuilder:default=data
	// +kubebuilder:validation:Enum=data;backup
	Purpose StorePurpose `json:"purpose,omitempty"`

	// credentials says where a tenant's credentials come from. sts: the operator
	// asks the store for some that end after a day. static: the store's administrator
	// makes a Secret per tenant in the operator's namespace; the tenant's condition
	// CredentialsReady names it.
	// +optional
	// +kubebuilder:default=sts
	// +kubebuilder:validation:Enum=sts;static
	Credentials StoreCredentials `json:"credentials,omitempty"`

	// issuerSecretRef names a Secret of the operator's namespace with the keys
	// accessKey and secretKey. The issuer makes buckets, and with credentials sts it
	// asks for those that reach one bucket each.
	// +required
	IssuerSecretRef SecretRef `json:"issuerSecretRef"`

	ServerPlacement `json:",inline"`
}

// StorePurpose is what a store is for.
type StorePurpose string

// Values of StorePurpose.
const (
	PurposeData   StorePurpose = "data"
	PurposeBackup StorePurpose = "backup"
)

// StoreCredentials says where a tenant's credentials come from.
type StoreCredentials string

// Values of StoreCredentials.
const (
	CredentialsSTS    StoreCredentials = "sts"
	CredentialsStatic StoreCredentials = "static"
)

// ObjectStoreStatus is what was measured.
type ObjectStoreStatus struct {
	ServerStatus `json:",inline"`
}

// ObjectStore is an S3 store that holds one bucket per tenant.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=atrium,shortName=ost
// +kubebuilder:printcolumn:name="Reachable",type=string,JSONPath=`.status.conditions[?(@.type=="Reachable")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Reachable")].reason`
// +kubebuilder:printcolumn:name="Since",type=date,JSONPath=`.status.conditions[?(@.type=="Reachable")].lastTransitionTime`
// +kubebuilder:printcolumn:name="Tenants",type=integer,JSONPath=`.status.tenants`
// +kubebuilder:printcolumn:name="Used %",type=integer,JSONPath=`.status.usedPercent`
// +kubebuilder:printcolumn:name="Cordoned",type=boolean,JSONPath=`.spec.cordoned`
// +kubebuilder:printcolumn:name="Purpose",type=string,JSONPath=`.spec.purpose`
// +kubebuilder:printcolumn:name="Endpoint",type=string,JSONPath=`.spec.endpoint`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Reachable")].message`
type ObjectStore struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec ObjectStoreSpec `json:"spec"`
	// +optional
	Status ObjectStoreStatus `json:"status,omitempty"`
}

// ObjectStoreList is a list of ObjectStores.
//
// +kubebuilder:object:root=true
type ObjectStoreList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ObjectStore `json:"items"`
}
