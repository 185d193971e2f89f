// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What pods may say of where they go, and PriorityClasses. */
class SchedulingRulesTest {

    private static List<String> pod(String spec) {
        return Samples.wrongWith(ResourceType.PODS, Samples.pod(spec));
    }

    private static List<String> priorityClass(String name, String members) {
        return Samples.wrongWith(
                ResourceType.PRIORITY_CLASSES,
                Samples.object("{'metadata':{'name':'" + name + "'}," + members + "}"));
    }

    @Test
    void affinityTermsAreLookedThrough() {
        assertThat(
                        pod(
                                "'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnored"
                                    + "DuringExecution':[{'topologyKey':'','namespaces':['Bad'],"
                                    + "'labelSelector':{'matchLabels':{'app':'a'}},"
                                    + "'namespaceSelector':{'matchExpressions':[{'key':'k',"
                                    + "'operator':'In'}]},'matchLabelKeys':['app','x'],"
                                    + "'mismatchLabelKeys':['x']}]}}"))
                .anyMatch(each -> each.contains("[0].namespace: Invalid value: \"Bad\""))
                .anyMatch(
                        each ->
                                each.endsWith(
                                        "[0].namespaceSelector.matchExpressions[0].values: Required"
                                                + " value: must be specified when `operator` is"
                                                + " 'In' or 'NotIn'"))
                .anyMatch(
                        each ->
                                each.endsWith(
                                        "[0].matchLabelKeys[0]: Invalid value: \"app\": exists in"
                                                + " both matchLabelKeys and labelSelector"))
                .anyMatch(
                        each ->
                                each.endsWith(
                                        "[0].mismatchLabelKeys[0]: Invalid value: \"x\": exists in"
                                                + " both matchLabelKeys and mismatchLabelKeys"))
                .anyMatch(each -> each.endsWith("topologyKey: Required value: can not be empty"))
                .hasSize(5);
    }

    @Test
    void nodeFieldsAreNamesAlone() {
        assertThat(
                        pod(
                                "'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnored"
                                        + "DuringExecution':{'nodeSelectorTerms':[{'matchFields':["
                                        + "{'key':'spec.x','operator':'Exists'}]}]}}}"))
                .anyMatch(each -> each.endsWith("not a valid selector operator"))
                .anyMatch(each -> each.endsWith("not a valid field selector key"))
                .hasSize(2);
    }

    @Test
    void spreadConstraintsAreLookedThrough() {
        String one =
                "{'maxSkew':1,'topologyKey':'zone','whenUnsatisfiable':'ScheduleAnyway',"
                        + "'labelSelector':{}";
        assertThat(
                        pod(
                                "'topologySpreadConstraints':["
                                        + one
                                        + ",'minDomains':2,'nodeTaintsPolicy':'No'},"
                                        + one
                                        + "}]"))
                .containsExactly(
                        "spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only"
                                + " use minDomains if whenUnsatisfiable=DoNotSchedule, not"
                                + " ScheduleAnyway",
                        "spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value:"
                                + " \"No\": supported values: \"Honor\", \"Ignore\"",
                        "spec.topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}:"
                                + " Duplicate value: \"{zone, ScheduleAnyway}\"");
    }

    @Test
    void aGatedPodHasNoNodeAndSaysSo() {
        assertThat(pod("'schedulingGates':[{'name':'a'},{'name':'a'}],'nodeName':'n'"))
                .containsExactly(
                        "spec.schedulingGates[1]: Duplicate value: \"a\"",
                        "spec.nodeName: Forbidden: cannot be set until all schedulingGates have"
                                + " been cleared");
        KubeObject gated =
                Samples.kind(ResourceType.PODS)
                        .withDefaults(Samples.pod("'schedulingGates':[{'name':'a'}]"));
        assertThat(gated.condition("PodScheduled").orElseThrow().text("reason"))
                .isEqualTo("SchedulingGated");
    }

    @Test
    void priorityClassesHaveTheirLimits() {
        assertThat(priorityClass("high", "'value':1000000000")).isEmpty();
        assertThat(priorityClass("high", "'value':1000000001"))
                .containsExactly(
                        "value: Forbidden: maximum allowed value of a user defined priority is"
                                + " 1000000000");
        assertThat(priorityClass("system-x", "'value':1"))
                .containsExactly(
                        "metadata.name: Forbidden: priority class names with 'system-' prefix are"
                                + " reserved for system use only. error: system-x is not a known"
                                + " system priority class");
        assertThat(priorityClass("system-node-critical", "'value':2000001000")).isEmpty();
        assertThat(priorityClass("high", "'value':1,'preemptionPolicy':'Sometimes'"))
                .containsExactly(
                        "preemptionPolicy: Unsupported value: \"Sometimes\": supported values:"
                                + " \"Never\", \"PreemptLowerPriority\"");
    }

    @Test
    void theValueOfAPriorityClassStays() {
        KubeObject before = Samples.object("{'metadata':{'name':'p'},'value':1}");
        KubeObject after = Samples.object("{'metadata':{'name':'p'},'value':2}");
        assertThat(Samples.kind(ResourceType.PRIORITY_CLASSES).validateUpdate(before, after, ""))
                .extracting(error -> error.field() + ": " + error.message())
                .contains("value: Forbidden: may not be changed in an update.");
    }
}
