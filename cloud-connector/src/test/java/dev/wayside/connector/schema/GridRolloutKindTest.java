// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a GridRollout may say, and how it is shown. */
final class GridRolloutKindTest {
    private final KindDefinition kind = Samples.kind(ResourceType.GRID_ROLLOUTS);

    private KubeObject rollout(String spec) {
        return kind.withDefaults(
                KubeObject.of(ResourceType.GRID_ROLLOUTS, "default", "r")
                        .withSpec(Samples.json(spec)));
    }

    @Test
    void anEmptySpecIsOneSiteAfterTheOther() {
        KubeObject rollout = rollout("{}");
        assertThat(kind.validateCreate(rollout)).isEmpty();
        assertThat(rollout.spec())
                .isEqualTo(
                        Samples.json(
                                "{'maxConcurrentSites':1,'onFailure':'Pause','awaySites':'Skip',"
                                        + "'health':{'availableForSeconds':30,'maxRestarts':0,"
                                        + "'progressDeadlineSeconds':600}}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'onFailure':'Panic'|spec.onFailure|supported values: \"Pause\", \"Rollback\"",
                "'awaySites':'Kill'|spec.awaySites|supported values: \"Skip\", \"Wait\"",
                "'maxConcurrentSites':0|spec.maxConcurrentSites|to stop a rollout set spec.paused",
                "'maxUnavailableSites':'0%'|spec.maxUnavailableSites|must be more than 0",
                "'maxUnavailableSites':'x'|spec.maxUnavailableSites|a valid percent string",
                "'deadlineSeconds':0|spec.deadlineSeconds|greater than or equal to 1",
                "'health':{'maxRestarts':-1}|spec.health.maxRestarts|greater than or equal to 0",
                "'order':[{'percent':10,'count':2}]|spec.order[0].count|at most one of",
                "'order':[{},{}]|spec.order[1]|only one wave can be the rest",
                "'order':[{'percent':101}]|spec.order[0].percent|between 1 and 100",
                "'order':[{'sites':[]}]|spec.order[0].sites|a wave of no site",
                "'order':[{'sites':['a']},{'sites':['a']}]|spec.order[1].sites[0]|Duplicate value",
                "'order':[{'sites':['a b']}]|spec.order[0].sites[0]|a valid label",
                "'order':[{'selector':{}}]|spec.order[0].selector|selects no site",
                "'selector':{'matchLabels':{'a b':'c'}}|spec.selector.matchLabels|name part",
            })
    void saysWhatIsWrongAndWhere(String spec, String field, String words) {
        assertThat(kind.validateCreate(rollout("{" + spec + "}")))
                .anySatisfy(
                        error -> {
                            assertThat(error.field()).isEqualTo(field);
                            assertThat(error.message()).contains(words);
                        });
    }

    @Test
    void showsWhereItStandsAndWhy() {
        KubeObject rollout =
                rollout("{}")
                        .withStatus(
                                Samples.json(
                                        "{'phase':'Paused','wave':2,'waves':3,'updatedSites':4,"
                                                + "'totalSites':9,'readySites':8,'message':'why',"
                                                + "'grids':[{'name':'web'},{'name':'db'}]}"));
        assertThat(kind.cells(rollout, Instant.EPOCH).toString())
                .contains("web and 1 more", "Paused", "2/3", "4/9", "8", "why");
    }
}
