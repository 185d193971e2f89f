// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.schema;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.connector.apply.FieldSet;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.ResourceType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ApplyShapesTest {

    /** A line that names nothing would be a rule that silently never holds. */
    @Test
    void everyRuleNamesATypeAndAFieldOfFittingKind() throws IOException {
        TypeTable table = TypeTable.load();
        String text;
        try (InputStream in = ApplyShapes.class.getResourceAsStream("apply-types.txt")) {
            assertThat(in).isNotNull();
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(text.lines().filter(line -> !line.startsWith("#")))
                .allSatisfy(
                        line -> {
                            String[] words = line.split(" ", -1);
                            TypeTable.StructType struct = table.struct(words[0]);
                            if (words[1].equals("-")) {
                                assertThat(words[2]).isEqualTo("atomic");
                                return;
                            }
                            TypeTable.Field field = struct.fields().get(words[1]);
                            assertThat(field).isNotNull();
                            switch (words[2]) {
                                case "atomic" ->
                                        assertThat(field.type())
                                                .isInstanceOfAny(
                                                        FieldType.MapOf.class,
                                                        FieldType.Struct.class);
                                case "set" ->
                                        assertThat(((FieldType.ListOf) field.type()).item())
                                                .isInstanceOf(FieldType.Scalar.class);
                                default -> {
                                    assertThat(words[2]).isEqualTo("map");
                                    FieldType item = ((FieldType.ListOf) field.type()).item();
                                    TypeTable.StructType of = table.struct((FieldType.Struct) item);
                                    for (int i = 3; i < words.length; i++) {
                                        assertThat(of.fields())
                                                .containsKey(words[i].replaceFirst("=.*", ""));
                                    }
                                }
                            }
                        });
    }

    /** Strategic merge and server-side apply must agree on which lists are joined by item. */
    @Test
    void listsThatPatchesJoinByKeyAreOwnedByItem() throws JsonException {
        FieldSet set =
                FieldSet.of(
                        Json.parse(
                                "{\"metadata\":{\"ownerReferences\":[{\"uid\":\"u\"}]},\"spec\":"
                                    + "{\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}],"
                                    + "\"nodeSelector\":{\"a\":\"b\"},\"containers\":[{\"name\":"
                                    + "\"c\",\"envFrom\":[{\"prefix\":\"p\"}],\"env\":[{\"name\":"
                                    + "\"E\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\","
                                    + "\"key\":\"k\"}}}]}],\"topologySpreadConstraints\":[{"
                                    + "\"topologyKey\":\"t\",\"whenUnsatisfiable\":\"w\"}]}}"),
                        Samples.kind(ResourceType.PODS).shape());
        assertThat(set.paths())
                .contains(
                        ".metadata.ownerReferences[uid=\"u\"]",
                        ".spec.volumes[name=\"v\"].emptyDir",
                        ".spec.nodeSelector",
                        ".spec.containers[name=\"c\"].envFrom",
                        ".spec.containers[name=\"c\"].env[name=\"E\"].valueFrom.secretKeyRef",
                        ".spec.topologySpreadConstraints[topologyKey=\"t\",whenUnsatisfiable=\"w\"]")
                .doesNotContain(".spec.nodeSelector.a", ".metadata.ownerReferences[uid=\"u\"].uid");
    }
}
