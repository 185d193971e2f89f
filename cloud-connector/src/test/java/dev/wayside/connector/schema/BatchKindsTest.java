// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs, CronJobs and DaemonSets: defaults, rules and columns. */
final class BatchKindsTest {
    private static final String POD =
            "'spec':{'restartPolicy':'Never','containers':[{'name':'c','image':'i:1'}]}";

    private static KubeObject job(String members) {
        return Samples.object(
                "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'j','namespace':'default',"
                    + "'uid':'u-1'},'spec':{"
                        + members
                        + (members.isEmpty() || members.contains("'template'") ? "" : ",")
                        + (members.contains("'template'") ? "" : "'template':{" + POD + "}")
                        + "}}");
    }

    private static KubeObject cronJob(String members) {
        return Samples.object(
                "{'apiVersion':'batch/v1','kind':'CronJob','metadata':{'name':'c','namespace':"
                        + "'default'},'spec':{"
                        + members
                        + ",'jobTemplate':{'spec':{'template':{"
                        + POD
                        + "}}}}}");
    }

    private static KubeObject daemonSet(String members) {
        return Samples.object(
                "{'apiVersion':'apps/v1','kind':'DaemonSet','metadata':{'name':'d','namespace':"
                        + "'default'},'spec':{'selector':{'matchLabels':{'app':'web'}},'template':"
                        + Samples.TEMPLATE
                        + members
                        + "}}");
    }

    private static JsonObject defaulted(ResourceType type, KubeObject object) {
        return Samples.kind(type).withDefaults(object).spec();
    }

    private static List<String> row(ResourceType type, KubeObject object) {
        KindDefinition kind = Samples.kind(type);
        return kind.cells(kind.withDefaults(object), Instant.parse("2026-01-01T01:00:00Z")).stream()
                .map(cell -> cell.toJson().replace("\"", ""))
                .toList();
    }

    @Test
    void aJobSelectsItsPodsByItsOwnUid() {
        JsonObject spec = defaulted(ResourceType.JOBS, job(""));
        assertThat(spec.number("completions")).hasValue(1);
        assertThat(spec.number("parallelism")).hasValue(1);
        assertThat(spec.number("backoffLimit")).hasValue(6);
        assertThat(spec.text("completionMode")).isEqualTo("NonIndexed");
        assertThat(spec.text("podReplacementPolicy")).isEqualTo("TerminatingOrFailed");
        assertThat(spec.object("selector"))
                .isEqualTo(
                        Samples.json(
                                "{'matchLabels':{'batch.kubernetes.io/controller-uid':'u-1'}}"));
        assertThat(spec.object("template", "metadata", "labels").members().keySet())
                .containsExactlyInAnyOrder(
                        "batch.kubernetes.io/controller-uid",
                        "controller-uid",
                        "batch.kubernetes.io/job-name",
                        "job-name");
        assertThat(Samples.wrongWith(ResourceType.JOBS, job(""))).isEmpty();
        assertThat(defaulted(ResourceType.JOBS, job("'parallelism':3")).has("completions"))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'parallelism':-1|spec.parallelism: Invalid value: -1: must be greater than or"
                        + " equal to 0",
                "'template':{'spec':{'containers':[{'name':'c','image':'i'}]}}"
                        + "|spec.template.spec.restartPolicy: Required value: valid values:"
                        + " \"OnFailure\", \"Never\"",
                "'completionMode':'Indexed','parallelism':1|spec.completions: Required value: when"
                        + " completion mode is Indexed",
                "'backoffLimitPerIndex':1|spec.backoffLimitPerIndex: Invalid value: 1: requires"
                        + " indexed completion mode",
                "'podFailurePolicy':{'rules':[{'action':'FailJob'}]}|spec.podFailurePolicy.rules[0]:"
                    + " Invalid value: \"\": specifying one of OnExitCodes and OnPodConditions is"
                    + " required",
                "'podFailurePolicy':{'rules':[{'action':'Count','onExitCodes':{'operator':'In',"
                        + "'values':[0]}}]}|spec.podFailurePolicy.rules[0].onExitCodes.values[0]:"
                        + " Invalid value: 0: must not be 0 for the In operator",
                "'podReplacementPolicy':'Nope'|spec.podReplacementPolicy: Unsupported value:"
                        + " \"Nope\": supported values: \"Failed\", \"TerminatingOrFailed\"",
                "'completionMode':'Indexed','completions':3,'successPolicy':{'rules':[{"
                    + "'succeededIndexes':'5'}]}|spec.successPolicy.rules[0].succeededIndexes:"
                    + " Invalid value: \"5\": error parsing succeededIndexes: too large index or"
                    + " wrong order: \"5\"",
                "'manualSelector':true|spec.selector: Required value",
            })
    void jobsAreChecked(String members, String wrong) {
        assertThat(Samples.wrongWith(ResourceType.JOBS, job(members))).containsExactly(wrong);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'completions':2|'completions':3|spec.completions: Invalid value: 3: field is"
                        + " immutable",
                "'completions':1|'completions':1,'backoffLimit':9|",
                "'completionMode':'Indexed','completions':2,'parallelism':2|'completionMode':"
                        + "'Indexed','completions':3,'parallelism':3|",
                "'completionMode':'Indexed','completions':2,'parallelism':2|'completionMode':"
                        + "'Indexed','completions':3,'parallelism':2|spec.completions: Invalid"
                        + " value: 3: can only be modified in tandem with spec.parallelism",
            })
    void whatAJobIsDoneWithStaysAsItIs(String before, String after, String wrong) {
        List<String> errors =
                Samples.wrongWithChange(ResourceType.JOBS, job(before), job(after), "");
        assertThat(errors).isEqualTo(wrong == null ? List.of() : List.of(wrong));
    }

    @Test
    void aTemplateCanBeMovedElsewhereWhileTheJobHasNotBegun() {
        String moved =
                "'template':{'spec':{'nodeSelector':{'a':'b'},'restartPolicy':'Never','containers':"
                        + "[{'name':'c','image':'i:1'}]}}";
        assertThat(
                        Samples.wrongWithChange(
                                ResourceType.JOBS,
                                job("'suspend':true"),
                                job("'suspend':true," + moved),
                                ""))
                .isEmpty();
        assertThat(Samples.wrongWithChange(ResourceType.JOBS, job(""), job(moved), ""))
                .singleElement()
                .asString()
                .startsWith("spec.template: Invalid value");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'schedule':'* * * *'|spec.schedule: Invalid value: \"* * * *\": expected exactly 5"
                        + " fields, found 4: [*, *, *, *]",
                "'schedule':'TZ=UTC * * * * *'|spec.schedule: Invalid value: \"TZ=UTC * * * * *\":"
                        + " cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
                "'schedule':'@daily','timeZone':'Mars/Olympus'|spec.timeZone: Invalid value:"
                        + " \"Mars/Olympus\": unknown time zone Mars/Olympus",
                "'schedule':'@daily','timeZone':'Local'|spec.timeZone: Invalid value: \"Local\":"
                        + " timeZone must be an explicit time zone as defined in"
                        + " https://www.iana.org/time-zones",
                "'schedule':'@daily','concurrencyPolicy':'Nope'|spec.concurrencyPolicy: Unsupported"
                        + " value: \"Nope\": supported values: \"Allow\", \"Forbid\", \"Replace\"",
                "'schedule':''|spec.schedule: Required value",
            })
    void cronJobsAreChecked(String members, String wrong) {
        assertThat(Samples.wrongWith(ResourceType.CRON_JOBS, cronJob(members)))
                .containsExactly(wrong);
    }

    @Test
    void theNameOfACronJobLeavesRoomForThoseOfItsJobs() {
        KubeObject named =
                cronJob("'schedule':'@daily','timeZone':'Europe/Berlin'")
                        .withMetadata("name", dev.wayside.model.Json.of("n".repeat(53)));
        assertThat(Samples.wrongWith(ResourceType.CRON_JOBS, named))
                .singleElement()
                .asString()
                .endsWith("must be no more than 52 characters");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "|",
                ",'updateStrategy':{'rollingUpdate':{'maxSurge':1}}|",
                ",'updateStrategy':{'rollingUpdate':{'maxSurge':1,'maxUnavailable':1}}|spec.updateStrategy.rollingUpdate.maxSurge:"
                    + " Invalid value: 1: may not be set when maxUnavailable is non-zero",
                ",'updateStrategy':{'rollingUpdate':{'maxUnavailable':0}}|spec.updateStrategy.rollingUpdate.maxUnavailable:"
                    + " Required value: cannot be 0 when maxSurge is 0",
                ",'updateStrategy':{'type':'Nope'}|spec.updateStrategy.type: Unsupported value:"
                        + " \"Nope\": supported values: \"RollingUpdate\", \"OnDelete\"",
            })
    void daemonSetsAreChecked(String members, String wrong) {
        List<String> errors =
                Samples.wrongWith(
                        ResourceType.DAEMON_SETS, daemonSet(members == null ? "" : members));
        assertThat(errors).isEqualTo(wrong == null ? List.of() : List.of(wrong));
    }

    @Test
    void rowsAreAsKubectlUsersKnowThem() {
        KubeObject done =
                job("'completions':3")
                        .withStatus(
                                Samples.json(
                                        "{'succeeded':3,'startTime':'2026-01-01T00:00:00Z',"
                                            + "'completionTime':'2026-01-01T00:01:00Z',"
                                            + "'conditions':[{'type':'Complete','status':'True'}]}"));
        assertThat(row(ResourceType.JOBS, done)).startsWith("j", "Complete", "3/3", "60s");
        assertThat(row(ResourceType.JOBS, job("'parallelism':3")))
                .startsWith("j", "Running", "0/1 of 3", "");
        KubeObject cron =
                cronJob("'schedule':'@daily'")
                        .withStatus(
                                Samples.json(
                                        "{'lastScheduleTime':'2026-01-01T00:00:00Z','active':[{}]}"));
        assertThat(row(ResourceType.CRON_JOBS, cron))
                .startsWith("c", "@daily", "<none>", "False", "1", "60m");
        KubeObject set =
                daemonSet("")
                        .withStatus(
                                Samples.json(
                                        "{'desiredNumberScheduled':5,'currentNumberScheduled':4,"
                                                + "'numberReady':3,'updatedNumberScheduled':2,"
                                                + "'numberAvailable':1}"));
        assertThat(row(ResourceType.DAEMON_SETS, set))
                .startsWith("d", "5", "4", "3", "2", "1", "<none>");
    }
}
