import pytest
import torch

from cad_models.features import N_FEATURES, LinearHead
from cad_models.view import ViewHead


def head_with_logit(logit):
    head = LinearHead(1)
    torch.nn.init.zeros_(head.linear.weight)
    torch.nn.init.constant_(head.linear.bias, logit)
    head.get_buffer("threshold").fill_(0.8)
    return ViewHead(head.eval())


@pytest.mark.parametrize(("logit", "view"), [(3.0, "PA"), (-3.0, "AP"), (0.4, "unknown"), (-0.4, "unknown")])
def test_view_is_told_only_when_sure(logit, view):
    assert head_with_logit(logit).tell(torch.zeros(1, N_FEATURES)) == view
