// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

/**
 * A kind of object as the Kubernetes API names it.
 *
 * @param group the API group, {@code ""} for the core group
 * @param version for instance {@code v1}
 * @param kind for instance {@code Pod}
 * @param plural the resource's name in paths, for instance {@code pods}
 * @param namespaced whether objects live in a namespace
 */
public record ResourceType(
        String group, String version, String kind, String plural, boolean namespaced) {
    public static final ResourceType NAMESPACES =
            new ResourceType("", "v1", "Namespace", "namespaces", false);
    public static final ResourceType NODES = new ResourceType("", "v1", "Node", "nodes", false);
    public static final ResourceType PODS = new ResourceType("", "v1", "Pod", "pods", true);
    public static final ResourceType CONFIG_MAPS =
            new ResourceType("", "v1", "ConfigMap", "configmaps", true);
    public static final ResourceType SECRETS =
            new ResourceType("", "v1", "Secret", "secrets", true);
    public static final ResourceType EVENTS = new ResourceType("", "v1", "Event", "events", true);
    public static final ResourceType SERVICE_ACCOUNTS =
            new ResourceType("", "v1", "ServiceAccount", "serviceaccounts", true);
    public static final ResourceType SERVICES =
            new ResourceType("", "v1", "Service", "services", true);
    public static final ResourceType ENDPOINTS =
            new ResourceType("", "v1", "Endpoints", "endpoints", true);
    public static final ResourceType ENDPOINT_SLICES =
            new ResourceType("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true);
    public static final ResourceType LEASES =
            new ResourceType("coordination.k8s.io", "v1", "Lease", "leases", true);
    public static final ResourceType CERTIFICATE_SIGNING_REQUESTS =
            new ResourceType(
                    "certificates.k8s.io",
                    "v1",
                    "CertificateSigningRequest",
                    "certificatesigningrequests",
                    false);
    public static final ResourceType DEPLOYMENTS =
            new ResourceType("apps", "v1", "Deployment", "deployments", true);
    public static final ResourceType REPLICA_SETS =
            new ResourceType("apps", "v1", "ReplicaSet", "replicasets", true);
    public static final ResourceType DAEMON_SETS =
            new ResourceType("apps", "v1", "DaemonSet", "daemonsets", true);
    public static final ResourceType JOBS = new ResourceType("batch", "v1", "Job", "jobs", true);
    public static final ResourceType CRON_JOBS =
            new ResourceType("batch", "v1", "CronJob", "cronjobs", true);
    public static final ResourceType STATEFUL_SETS =
            new ResourceType("apps", "v1", "StatefulSet", "statefulsets", true);
    public static final ResourceType CONTROLLER_REVISIONS =
            new ResourceType("apps", "v1", "ControllerRevision", "controllerrevisions", true);
    public static final ResourceType CUSTOM_RESOURCE_DEFINITIONS =
            new ResourceType(
                    "apiextensions.k8s.io",
                    "v1",
                    "CustomResourceDefinition",
                    "customresourcedefinitions",
                    false);
    public static final ResourceType DEPLOYMENT_GRIDS =
            new ResourceType("superedge.io", "v1", "DeploymentGrid", "deploymentgrids", true);
    public static final ResourceType STATEFUL_SET_GRIDS =
            new ResourceType("superedge.io", "v1", "StatefulSetGrid", "statefulsetgrids", true);
    public static final ResourceType SERVICE_GRIDS =
            new ResourceType("superedge.io", "v1", "ServiceGrid", "servicegrids", true);
    public static final ResourceType GRID_ROLLOUTS =
            new ResourceType("wayside.dev", "v1alpha1", "GridRollout", "gridrollouts", true);
    public static final ResourceType NODE_UNITS =
            new ResourceType("site.superedge.io", "v1alpha2", "NodeUnit", "nodeunits", false);
    public static final ResourceType NODE_GROUPS =
            new ResourceType("site.superedge.io", "v1alpha2", "NodeGroup", "nodegroups", false);
    public static final ResourceType POD_DISRUPTION_BUDGETS =
            new ResourceType("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true);
    public static final ResourceType PERSISTENT_VOLUMES =
            new ResourceType("", "v1", "PersistentVolume", "persistentvolumes", false);
    public static final ResourceType PERSISTENT_VOLUME_CLAIMS =
            new ResourceType("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true);
    public static final ResourceType STORAGE_CLASSES =
            new ResourceType("storage.k8s.io", "v1", "StorageClass", "storageclasses", false);
    public static final ResourceType PRIORITY_CLASSES =
            new ResourceType("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", false);

    public static final ResourceType ROLES =
            new ResourceType("rbac.authorization.k8s.io", "v1", "Role", "roles", true);
    public static final ResourceType CLUSTER_ROLES =
            new ResourceType(
                    "rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false);
    public static final ResourceType ROLE_BINDINGS =
            new ResourceType(
                    "rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true);
    public static final ResourceType CLUSTER_ROLE_BINDINGS =
            new ResourceType(
                    "rbac.authorization.k8s.io",
                    "v1",
                    "ClusterRoleBinding",
                    "clusterrolebindings",
                    false);

    /** {@code v1} for the core group, else {@code group/version}. */
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    /** {@code pods}, {@code deployments.apps}: the name in messages and in stores. */
    public String qualified() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    /** The path of the collection; a namespace of {@code ""} means all namespaces. */
    public String path(String namespace) {
        String base = group.isEmpty() ? "/api/" + version : "/apis/" + group + "/" + version;
        return namespaced && !namespace.isEmpty()
                ? base + "/namespaces/" + namespace + "/" + plural
                : base + "/" + plural;
    }

    /** The path of one object; the namespace is {@code ""} for cluster-wide kinds. */
    public String path(String namespace, String name) {
        return path(namespace) + "/" + name;
    }

    public ObjectKey key(String namespace, String name) {
        return new ObjectKey(qualified(), namespaced ? namespace : "", name);
    }
}
