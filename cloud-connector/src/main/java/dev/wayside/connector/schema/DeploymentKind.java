// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import dev.wayside.model.Json;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Deployment. */
final class DeploymentKind extends TypedKind {

    DeploymentKind(TypeTable table) {
        super(
                Facts.of(ResourceType.DEPLOYMENTS, "apps/v1.Deployment", "deploy")
                        .inAll()
                        .with("status", "scale")
                        .countingGenerations(),
                table);
    }

    @Override
    KubeObject defaulted(KubeObject deployment) {
        return deployment.withSpec(DeploymentRules.defaulted(deployment.spec()));
    }

    @Override
    void check(KubeObject deployment, Errors errors) {
        DeploymentRules.check(deployment.spec(), "spec", errors);
    }

    @Override
    void checkUpdate(KubeObject before, KubeObject after, String subresource, Errors errors) {
        errors.immutable("spec.", "selector", before.spec(), after.spec());
    }

    @Override
    public List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        columns.add(Cells.NAME);
        columns.add(Cells.text("Ready", "Number of the pod with ready state"));
        columns.add(Cells.number("Up-to-date", "Pods that have the template as it is now."));
        columns.add(Cells.number("Available", "Pods that have been ready for long enough."));
        columns.add(Cells.AGE);
        columns.addAll(Cells.WORKLOAD_WIDE);
        return columns;
    }

    @Override
    public List<Json> cells(KubeObject deployment, Instant now) {
        List<Json> cells = new ArrayList<>();
        cells.add(Cells.name(deployment));
        cells.add(
                Json.of(
                        deployment.status().number("readyReplicas").orElse(0)
                                + "/"
                                + deployment.spec().number("replicas").orElse(0)));
        cells.add(Cells.count(deployment.status(), "updatedReplicas"));
        cells.add(Cells.count(deployment.status(), "availableReplicas"));
        cells.add(Cells.age(deployment, now));
        cells.addAll(Cells.workload(deployment.spec()));
        return cells;
    }
}
