"""The network's laws: weights scale what they weigh, a silent node is as good as none."""

import pytest
import torch

from retia.graphs.edges import EDGE_FEATURES
from retia.graphs.hetero import EDGE_TYPES, FEATURES
from retia.staging.convolutions import CONVOLUTIONS, Relation
from retia.staging.model import StageModel, network_inputs
from retia.staging.network import StageNetwork


@pytest.fixture
def edges() -> tuple[torch.Tensor, ...]:
    """Embeddings of 7 senders and 5 receivers, 12 edges that leave the last receiver out."""
    torch.manual_seed(0)
    index = torch.stack([torch.randint(0, 7, (12,)), torch.randint(0, 4, (12,))])
    return torch.randn(7, 6), torch.randn(5, 6), index, torch.randn(12, len(EDGE_FEATURES))


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_news_are_linear_in_the_weights_of_the_edges(kind: str, edges):
    relation = Relation(6, len(EDGE_FEATURES), kind)
    whole = relation(*edges)
    share = torch.rand(12)
    parts = relation(*edges, share) + relation(*edges, 1 - share)
    assert torch.allclose(whole, parts, atol=1e-5)
    assert torch.allclose(relation(*edges, torch.ones(12)), whole, atol=1e-6)
    assert not relation(*edges, torch.zeros(12)).any()
    assert not whole[4].any()


def test_a_mean_over_neighbours_is_the_mean(edges):
    source, _, index, attr = edges
    relation = Relation(6, len(EDGE_FEATURES), "sage")
    news = relation(*edges)
    for node in range(4):
        mine = index[1] == node
        sent = relation.node(source[index[0, mine]]) + relation.edge(attr[mine])
        assert torch.allclose(news[node], sent.mean(dim=0), atol=1e-5)


def test_attention_is_shared_out(edges):
    source, target, index, attr = edges
    relation = Relation(6, len(EDGE_FEATURES), "gat")
    share = relation._share(source, target, index, attr)
    sums = torch.zeros(5).index_add(0, index[1], share)
    assert torch.allclose(sums[index[1].unique()], torch.ones(len(index[1].unique())), atol=1e-5)


@pytest.mark.parametrize("conv", CONVOLUTIONS)
@pytest.mark.parametrize("pool", ["mean", "max", "add", "mean+max"])
def test_every_option_takes_a_graph_and_weights_of_one_change_nothing(
    conv: str, pool: str, stage_model: StageModel, hetero_graphs
):
    torch.manual_seed(1)
    pools = {"segment": pool, "area": pool}
    network = StageNetwork(8, 2, 0.0, conv, pools, ("NORMAL", "DR")).eval()
    x, edges, attr, batch = network_inputs(stage_model.scaling.apply(hetero_graphs[1]))
    plain = network(x, edges, attr, batch, 1)
    assert plain.shape == (1, 2)
    weighed = network(
        x,
        edges,
        attr,
        batch,
        1,
        {e: torch.ones(edges[e].shape[1]) for e in EDGE_TYPES},
        {kind: torch.ones(len(x[kind])) for kind in FEATURES},
    )
    assert torch.allclose(plain, weighed, atol=1e-5)


def test_a_silent_node_is_as_good_as_none(stage_model: StageModel, hetero_graphs):
    """Exact where nothing is divided by numbers of nodes: sums of messages, sums as pools."""
    torch.manual_seed(2)
    network = StageNetwork(8, 3, 0.0, "graphconv", {"segment": "add", "area": "add+max"}).eval()
    x, edges, attr, batch = network_inputs(stage_model.scaling.apply(hetero_graphs[1]))
    silent = torch.rand(len(x["segment"])) < 0.3
    weight = {"segment": (~silent).float()}
    kept_rows = torch.cumsum(~silent, 0) - 1
    fewer, fewer_attr = {}, {}
    for e in EDGE_TYPES:
        ends = zip((e[0], e[2]), edges[e], strict=True)
        keep = torch.stack([~silent[row] if k == "segment" else row >= 0 for k, row in ends]).all(0)
        moved = [
            kept_rows[row[keep]] if kind == "segment" else row[keep]
            for kind, row in zip((e[0], e[2]), edges[e], strict=True)
        ]
        fewer[e], fewer_attr[e] = torch.stack(moved), attr[e][keep]
    without = {kind: v[~silent] if kind == "segment" else v for kind, v in x.items()}
    places = {kind: torch.zeros(len(v), dtype=torch.long) for kind, v in without.items()}
    removed = network(without, fewer, fewer_attr, places, 1)
    silenced = network(x, edges, attr, batch, 1, None, weight)
    assert torch.allclose(removed, silenced, atol=1e-3, rtol=1e-4)
    assert not torch.allclose(silenced, network(x, edges, attr, batch, 1), atol=1e-2)


def test_a_mean_pool_divides_by_the_number_of_nodes(stage_model: StageModel, hetero_graphs):
    """Half the weight on every node is half of a mean, not the mean of the weighted."""
    torch.manual_seed(4)
    network = StageNetwork(8, 0, 0.0, "sage", {"segment": "mean", "area": "mean"}).eval()
    x, edges, attr, batch = network_inputs(stage_model.scaling.apply(hetero_graphs[0]))
    pools = []
    network.head = torch.nn.Identity()
    for share in (1.0, 0.5):
        weight = {kind: torch.full((len(v),), share) for kind, v in x.items()}
        pools.append(network(x, edges, attr, batch, 1, None, weight))
    assert torch.allclose(0.5 * pools[0], pools[1], atol=1e-6)
