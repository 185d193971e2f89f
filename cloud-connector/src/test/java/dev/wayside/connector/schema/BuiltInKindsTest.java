// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BuiltInKindsTest {

    @Test
    void servesExactlyTheKindsOfThisVersion() {
        assertThat(Samples.KINDS.all())
                .extracting(kind -> kind.type().qualified())
                .containsExactlyInAnyOrder(
                        "namespaces",
                        "nodes",
                        "pods",
                        "configmaps",
                        "secrets",
                        "events",
                        "serviceaccounts",
                        "services",
                        "endpoints",
                        "endpointslices.discovery.k8s.io",
                        "leases.coordination.k8s.io",
                        "certificatesigningrequests.certificates.k8s.io",
                        "customresourcedefinitions.apiextensions.k8s.io",
                        "deployments.apps",
                        "replicasets.apps",
                        "daemonsets.apps",
                        "jobs.batch",
                        "cronjobs.batch",
                        "statefulsets.apps",
                        "controllerrevisions.apps",
                        "deploymentgrids.superedge.io",
                        "statefulsetgrids.superedge.io",
                        "servicegrids.superedge.io",
                        "gridrollouts.wayside.dev",
                        "nodeunits.site.superedge.io",
                        "nodeunits.site.superedge.io",
                        "nodegroups.site.superedge.io",
                        "nodegroups.site.superedge.io",
                        "poddisruptionbudgets.policy",
                        "persistentvolumes",
                        "persistentvolumeclaims",
                        "storageclasses.storage.k8s.io",
                        "priorityclasses.scheduling.k8s.io",
                        "roles.rbac.authorization.k8s.io",
                        "clusterroles.rbac.authorization.k8s.io",
                        "rolebindings.rbac.authorization.k8s.io",
                        "clusterrolebindings.rbac.authorization.k8s.io",
                        "selfsubjectaccessreviews.authorization.k8s.io",
                        "selfsubjectrulesreviews.authorization.k8s.io",
                        "subjectaccessreviews.authorization.k8s.io",
                        "localsubjectaccessreviews.authorization.k8s.io",
                        "tokenreviews.authentication.k8s.io",
                        "selfsubjectreviews.authentication.k8s.io");
    }

    @Test
    void findsKindsByPathAndByName() {
        assertThat(Samples.KINDS.byPlural("apps", "v1", "deployments"))
                .hasValueSatisfying(
                        kind -> assertThat(kind.type()).isEqualTo(ResourceType.DEPLOYMENTS));
        assertThat(Samples.KINDS.byPlural("apps", "v1beta1", "deployments")).isEmpty();
        assertThat(Samples.KINDS.byKind("v1", "Pod")).isPresent();
        for (String version : List.of("v1alpha1", "v1alpha2")) {
            assertThat(Samples.KINDS.byPlural("site.superedge.io", version, "nodeunits"))
                    .hasValueSatisfying(
                            kind -> assertThat(kind.type().version()).isEqualTo(version));
        }
        assertThat(Samples.KINDS.byQualified("nodeunits.site.superedge.io"))
                .as("the version that is stored")
                .hasValueSatisfying(
                        kind -> assertThat(kind.type()).isEqualTo(ResourceType.NODE_UNITS));
        assertThat(Samples.KINDS.byKind("apps/v1", "Pod")).isEmpty();
    }

    @Test
    void everyKindHasAsManyCellsAsColumns() {
        for (KindDefinition kind : Samples.KINDS.all()) {
            KubeObject bare = KubeObject.of(kind.type(), "default", "x");
            assertThat(kind.cells(bare, Instant.EPOCH))
                    .as(kind.type().kind())
                    .hasSameSizeAs(kind.columns());
        }
    }

    @Test
    void onlyLeasesAreLazyAndOnlyCustomKindsLackStrategicMerge() {
        assertThat(Samples.KINDS.all())
                .filteredOn(KindDefinition::lazy)
                .extracting(kind -> kind.type().kind())
                .containsExactly("Lease");
        assertThat(Samples.KINDS.all())
                .filteredOn(kind -> !kind.hasStrategicMerge())
                .extracting(kind -> kind.type().kind())
                .containsOnly(
                        "DeploymentGrid",
                        "StatefulSetGrid",
                        "ServiceGrid",
                        "GridRollout",
                        "NodeUnit",
                        "NodeGroup");
    }

    @Test
    void podsWaitForTheirGatewayOnlyWhereThereIsOne() {
        KindDefinition pods = Samples.kind(ResourceType.PODS);
        KubeObject unbound = pods.withDefaults(Samples.pod(""));
        KubeObject bound = pods.withDefaults(Samples.pod("'nodeName':'n'"));
        assertThat(pods.deletionGraceSeconds(unbound)).isZero();
        assertThat(pods.deletionGraceSeconds(bound)).isEqualTo(30);
        assertThat(
                        pods.deletionGraceSeconds(
                                bound.withStatus(Samples.json("{'phase':'Succeeded'}"))))
                .isZero();
    }

    @Test
    void fieldsThatSelectorsMayNameAreReadAsText() {
        KindDefinition pods = Samples.kind(ResourceType.PODS);
        KubeObject pod = pods.withDefaults(Samples.pod("'nodeName':'n1'"));
        assertThat(pods.selectableFields())
                .containsExactlyInAnyOrder(
                        "metadata.name",
                        "metadata.namespace",
                        "spec.nodeName",
                        "spec.restartPolicy",
                        "spec.schedulerName",
                        "spec.serviceAccountName",
                        "spec.hostNetwork",
                        "status.phase",
                        "status.podIP",
                        "status.nominatedNodeName");
        assertThat(pods.field(pod, "spec.nodeName")).isEqualTo("n1");
        assertThat(pods.field(pod, "spec.hostNetwork")).isEqualTo("false");
        assertThat(pods.field(pod, "status.phase")).isEqualTo("Pending");
        assertThat(pods.field(pod, "metadata.namespace")).isEqualTo("default");
        assertThat(Samples.kind(ResourceType.NODES).selectableFields())
                .isEqualTo(Set.of("metadata.name", "spec.unschedulable"));
        KubeObject event =
                Samples.object(
                        "{'involvedObject':{'kind':'Pod','name':'p'},'reportingComponent':'agent'}");
        KindDefinition events = Samples.kind(ResourceType.EVENTS);
        assertThat(events.field(event, "involvedObject.name")).isEqualTo("p");
        assertThat(events.field(event, "source")).isEqualTo("agent");
    }
}
