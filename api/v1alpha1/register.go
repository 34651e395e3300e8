package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of this package.
var GroupVersion = schema.GroupVersion{Group: "atrium.dev", Version: "v1alpha1"}

// AddToScheme makes the kinds of this package known to a scheme; the builder behind it is not for others.
var (
	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	AddToScheme   = schemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(
		GroupVersion,
		&Tenant{}, &TenantList{},
		&Plan{}, &PlanList{},
		&DatabaseServer{}, &DatabaseServerList{},
		&ObjectStore{}, &ObjectStoreList{},
		&Release{}, &ReleaseList{},
		&TenantBackup{}, &TenantBackupList{},
		&TenantRestore{}, &TenantRestoreList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
